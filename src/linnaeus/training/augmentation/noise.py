"""Views with Gaussian noise, each from its own window on one long row of random numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import generator
from linnaeus.training.handed import handed

__all__ = ["noisy"]

WINDOWS = 1 << 20
"""Places where a window may begin. Drawing every number anew takes ten times as long as adding it;
that two windows overlap is nothing a network could learn from, for they are never at one place."""


def noisy(
    planes: Tensor, deviation: NDArray[np.float32], window: NDArray[np.float32], seed: int
) -> Tensor:
    """`planes` (n, 3, h, w) with noise of `deviation` (n,), in their units.

    `window` (n,), in [0, 1), says which part of the row of random numbers each picture gets.
    """
    numbers = planes[0].numel()
    row = _row(seed, WINDOWS + numbers, planes.device)
    begins = handed((window * WINDOWS).astype(np.int64), planes.device)
    noise = row.unfold(0, numbers, 1)[begins].view(planes.shape)
    strength = handed(deviation, planes.device)[:, None, None, None]
    return noise.mul_(strength).add_(planes)


@lru_cache(maxsize=1)
def _row(seed: int, numbers: int, device: torch.device) -> Tensor:
    """`numbers` standard normal float32 on `device`."""
    drawn = generator(seed, "noise").standard_normal(numbers, np.float32)
    return handed(drawn, device)
