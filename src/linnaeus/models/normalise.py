"""From pixels to a network's numbers: the first node of every graph.

The scaling stands inside the network, so that a bundle, a server and training hand over the same
uint8 pixels and cannot disagree about what is done to them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, chunks, rows_of

__all__ = ["Normalise"]

CHUNK_PX = 1 << 22  # bounds the 64-bit copies made while measuring
SMALLEST_STD = 1.0  # in levels of 255: a channel that never varies is only centred, not blown up


class Normalise(nn.Module):
    """(n, h, w, 3) uint8 → (n, 3, h, w) float32, channels last in memory: `(x - mean) / std`.

    `mean` and `std` are one number a channel, in levels of 0 to 255.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32))

    @classmethod
    def measured_on(cls, pixels: NDArray[np.uint8] | PixelRows) -> Normalise:
        """The normalisation under which `pixels` (n, h, w, 3) have mean 0 and deviation 1.

        Reads them in chunks, so that they may be more than fit memory; exact in float64.
        """
        rows = rows_of(pixels)
        images, height, width, _ = rows.shape
        count, total, squares = 0, np.zeros(3), np.zeros(3)
        levels = np.arange(256, dtype=np.float64)
        for taken in chunks(rows, np.arange(images), max(1, CHUNK_PX // (height * width))):
            chunk = taken.reshape(-1, 3)
            histograms = [np.bincount(chunk[:, channel], minlength=256) for channel in range(3)]
            count += len(chunk)
            total += [h @ levels for h in histograms]
            squares += [h @ levels**2 for h in histograms]
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
        return cls(mean.tolist(), np.maximum(std, SMALLEST_STD).tolist())

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise `pixels` (n, h, w, 3) uint8."""
        # The permuted view of an (n, h, w, 3) tensor is already channels last: nothing is copied.
        return ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)
