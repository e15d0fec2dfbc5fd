"""The losses of the steps since the last validation, left on their device until they are read."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from linnaeus.training.state import State

__all__ = ["LossRecord"]

READ_EVERY = 50  # steps, where reading makes the host wait for the device


class LossRecord:
    """Takes the loss of each step, and counts those that are no numbers.

    On a processor they are read at once; elsewhere every `READ_EVERY` steps and before a
    validation, so that the device never waits for the host.
    """

    def __init__(self, device: str) -> None:
        self._read_every = 1 if torch.device(device).type == "cpu" else READ_EVERY
        self._unread: list[Tensor] = []
        self._read: list[float] = []
        self.skipped = 0
        """How many in a row, up to the newest that was read, are no numbers."""

    def note(self, loss: Tensor) -> None:
        """Take the `loss` of the next step, a scalar."""
        self._unread.append(loss)
        if len(self._unread) >= self._read_every:
            self.read()

    def mean(self) -> float:
        """The mean of the losses since this was last asked; NaN where none is a number."""
        self.read()
        mean = float(np.mean(self._read)) if self._read else math.nan
        self._read.clear()
        return mean

    def read(self) -> None:
        """Wait for what is not read yet."""
        for loss in torch.stack(self._unread).tolist() if self._unread else ():
            if math.isfinite(loss):
                self._read.append(loss)
                self.skipped = 0
            else:
                self.skipped += 1
        self._unread.clear()

    def state(self) -> State:
        """The losses that `mean` would be of."""
        self.read()
        return State(
            {"skipped": self.skipped}, {"read": torch.tensor(self._read, dtype=torch.float64)}
        )

    def restore(self, state: State) -> None:
        """Go on where the record of `state` stood."""
        self.skipped, self._read = state.facts["skipped"], state.tensors["read"].tolist()
        self._unread.clear()
