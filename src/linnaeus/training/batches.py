"""The batches of a training in their order: which pictures a step sees, and how they look."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.data.pixels import PixelRows
from linnaeus.randomness import generator
from linnaeus.training.augment import Augmentation

__all__ = ["Batches"]

Labels = NDArray[np.int64]


class Batches:
    """Batches of `size` of the pictures `pixels` with their `labels` (n,) int64, for `device`.

    Each epoch has an order of its own, drawn from `seed`. Pictures that fill no batch wait for
    other epochs. What a step sees depends on nothing but the seed and the number of the step.
    """

    def __init__(
        self,
        pixels: PixelRows,
        labels: Labels,
        augment: Augmentation,
        *,
        size: int,
        seed: int,
        device: str,
    ) -> None:
        count, self.height_px, self.width_px, _ = pixels.shape
        self.count = count
        self.size = size
        self.epoch_steps = count // size
        self._pixels = pixels
        self._labels = torch.from_numpy(labels)
        self._augment = augment
        self._seed = seed
        self._device = device
        self._ordered = -1  # the epoch that `_order` is of

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """The views (size, h, w, 3) uint8 and labels (size,) of `step`."""
        epoch, place = divmod(step, self.epoch_steps)
        indices, after = (self._indices(epoch, place + ahead) for ahead in (0, 1))
        pixels = torch.from_numpy(self._pixels.take(indices))
        if place + 1 < self.epoch_steps:
            self._pixels.expect(after)
        views = self._augment(pixels, epoch, indices)
        return views.to(self._device), self._labels[torch.from_numpy(indices)].to(self._device)

    def _indices(self, epoch: int, place: int) -> Labels:
        """Which pictures make the batch at `place` of `epoch`."""
        if epoch != self._ordered:
            self._order = generator(self._seed, "order", epoch).permutation(self.count)
            self._ordered = epoch
        return self._order[place * self.size :][: self.size]
