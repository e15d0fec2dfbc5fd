"""The average of a network's weights over the steps of a training."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from linnaeus.training.plan import Averaging
from linnaeus.training.state import State

__all__ = ["WeightAverage"]

EARLY_STEPS = 10.0  # the running average follows the weights closely until it has a history


class WeightAverage:
    """An average of the weights and batch statistics of `network`, as a network of its own.

    "ema": a running average, of which a step keeps the share `decay`; early steps keep less.
    "swa": the mean of all weights from the share `start` of the training on (Izmailov and others
    2018); until then the newest. "none": the newest. `seen_elsewhere`: whether pictures go through
    the network with other weights than those that are averaged, as schedule-free has it.
    """

    def __init__(
        self,
        network: nn.Module,
        kind: Averaging = "ema",
        *,
        decay: float = 0.98,
        start: float = 0,
        seen_elsewhere: bool = False,
    ) -> None:
        self._kind = kind
        self._seen_elsewhere = seen_elsewhere
        self._network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self._start = {"none": math.inf, "ema": 0.0, "swa": start}[kind]
        self._updates = 0
        self._averaged, self._rest = _tensors(self._network)
        self._source, self._source_rest = _tensors(network)

    @property
    def lacks_statistics(self) -> bool:
        """Whether it is of weights whose own batch statistics nobody has measured yet."""
        return self._seen_elsewhere or (self._kind == "swa" and self._updates > 1)

    def update(self, progress: float) -> None:
        """Take in the weights after a step at `progress` (0 to 1) of the training."""
        if progress >= self._start:
            self._updates += 1
            self._move(self._share_of_new())

    def network(self) -> nn.Module:
        """The network with the average of now. It is in eval mode and stays the average's own."""
        if self._updates == 0:
            self._move(1.0)
        return self._network

    def state(self) -> dict[str, Tensor]:
        """A copy of the average of now."""
        return {name: tensor.clone() for name, tensor in self.network().state_dict().items()}

    def begin_anew(self) -> None:
        """Forget all weights so far: the next ones begin a new average."""
        self._updates = 0

    def whole_state(self) -> State:
        """All that the next update depends on; the tensors are those that it changes."""
        return State({"updates": self._updates}, self._network.state_dict())

    def restore(self, state: State) -> None:
        """Go on where the average of `state` stood."""
        self._updates = state.facts["updates"]
        self._network.load_state_dict(state.tensors)

    def _share_of_new(self) -> float:
        if self._kind == "swa":
            return 1.0 / self._updates
        return 1.0 - min(self._decay, self._updates / (self._updates + EARLY_STEPS))

    @torch.no_grad()
    def _move(self, share: float) -> None:
        """Bring the average nearer to the weights of now, by `share` of the way."""
        torch._foreach_lerp_(self._averaged, self._source, share)
        for mine, theirs in zip(self._rest, self._source_rest, strict=True):
            mine.copy_(theirs)


def _tensors(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors that can be averaged, and those (counts) that can only be copied."""
    tensors = [*network.parameters(), *network.buffers()]
    tensors = [tensor.detach() for tensor in tensors]
    return (
        [t for t in tensors if t.is_floating_point()],
        [t for t in tensors if not t.is_floating_point()],
    )
