"""How often a network is right about the views that it learns from, counted as it learns."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.training.losses import Loss
from linnaeus.training.state import State

__all__ = ["TrainingScore"]


class TrainingScore:
    """A loss that also counts how often the likeliest class is the true one.

    The count stays on the device until `share` is asked for, so that no step waits for it; it takes
    about 20 microseconds a step on a processor. Of mixed views, the class with the larger part is
    the true one. Where pictures may have `several` labels nothing is counted. `uncounted`: the loss
    itself, for answers that nothing is learnt from.
    """

    def __init__(self, loss: Loss, *, several: bool) -> None:
        self.uncounted = loss
        self._several = several
        self._counts: Tensor | None = None  # right, seen; they keep their place in memory
        self._before = (0, 0)

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss, as that it was made of."""
        if not self._several:
            self._count(logits.detach(), targets)
        return self.uncounted(logits, targets)

    def counted(self) -> tuple[int, int]:
        """How many were right and how many were seen since this was last asked."""
        right, seen = self._so_far()
        self._before = (0, 0)
        if self._counts is not None:
            self._counts.zero_()
        return right, seen

    def state(self) -> State:
        """What was counted since `counted` was last asked."""
        right, seen = self._so_far()
        return State({"right": right, "seen": seen})

    def restore(self, state: State) -> None:
        """Go on counting where another process stood."""
        self._before = (state.facts["right"], state.facts["seen"])
        self._counts = None

    def _so_far(self) -> tuple[int, int]:
        right, seen = self._counts.tolist() if self._counts is not None else (0, 0)
        return right + self._before[0], seen + self._before[1]

    def _count(self, logits: Tensor, targets: Tensor) -> None:
        truth = targets if targets.ndim == 1 else targets.argmax(1)
        right = torch.count_nonzero(logits.argmax(1) == truth)
        if self._counts is None:
            self._counts = torch.zeros(2, dtype=torch.int64, device=logits.device)
        self._counts[0] += right
        self._counts[1] += len(logits)
