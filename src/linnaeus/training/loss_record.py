"""The losses of the steps since the last validation, left on their device until they are read."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnaeus.errors import UsageError
from linnaeus.training.state import State

__all__ = ["LossRecord"]

READ_EVERY = 50  # steps, where reading makes the host wait for the device


class LossRecord:
    """Takes the loss of each step. A loss that is no number ends the training.

    On a processor that is noticed at once; elsewhere every `READ_EVERY` steps and before a
    validation, so that the device never waits for the host.
    """

    def __init__(self, device: str) -> None:
        self._read_every = 1 if torch.device(device).type == "cpu" else READ_EVERY
        self._unread: list[Tensor] = []
        self._read: list[float] = []
        self._steps = 0

    def __len__(self) -> int:
        return len(self._read) + len(self._unread)

    def note(self, loss: Tensor) -> None:
        """Take the `loss` of the next step, a scalar. Raises UsageError as `mean` does."""
        self._unread.append(loss)
        if len(self._unread) >= self._read_every:
            self._read_all()

    def mean(self) -> float:
        """The mean of the losses since this was last asked; at least one was noted.

        Raises UsageError where one of them is not a number.
        """
        self._read_all()
        mean = float(np.mean(self._read))
        self._read.clear()
        return mean

    def state(self) -> State:
        """The losses that `mean` would be of."""
        self._read_all()
        return State(
            {"steps": self._steps}, {"read": torch.tensor(self._read, dtype=torch.float64)}
        )

    def restore(self, state: State) -> None:
        """Go on where the record of `state` stood."""
        self._steps, self._read = state.facts["steps"], state.tensors["read"].tolist()
        self._unread.clear()

    def _read_all(self) -> None:
        for loss in torch.stack(self._unread).tolist() if self._unread else ():
            if not math.isfinite(loss):
                raise UsageError(
                    f"the loss stopped being a number at step {self._steps}",
                    where="training",
                    mend="Lower the learning rate, or train in float32.",
                )
            self._read.append(loss)
            self._steps += 1
        self._unread.clear()
