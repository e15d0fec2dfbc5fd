"""The running average of a network's weights, and the best one seen."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

__all__ = ["WeightAverage"]

EARLY_STEPS = 10.0  # the average follows the weights closely until it has a history


class WeightAverage:
    """An exponential average of weights and batch statistics, as a network of its own (`network`).

    `decay` is the share of the old average that a step keeps; early steps keep less.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0
        self._averaged, self._rest = _tensors(self.network)
        self._source, self._source_rest = _tensors(network)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the weights of now."""
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + EARLY_STEPS))
        torch._foreach_lerp_(self._averaged, self._source, 1.0 - decay)
        for mine, theirs in zip(self._rest, self._source_rest, strict=True):
            mine.copy_(theirs)

    def state(self) -> dict[str, Tensor]:
        """A copy of the average of now."""
        return {name: tensor.clone() for name, tensor in self.network.state_dict().items()}


def _tensors(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors that can be averaged, and those (counts) that can only be copied."""
    tensors = [*network.parameters(), *network.buffers()]
    tensors = [tensor.detach() for tensor in tensors]
    return (
        [t for t in tensors if t.is_floating_point()],
        [t for t in tensors if not t.is_floating_point()],
    )
