"""Views out of focus: a Gaussian blur of another width for each picture."""

from __future__ import annotations

import math

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.handed import handed

__all__ = ["blurred"]

REACH = 3  # standard deviations: 99.7 % of a Gaussian's weight


def blurred(planes: Tensor, deviation_px: NDArray[np.float32], most_px: float) -> Tensor:
    """`planes` (n, 3, h, w) blurred by `deviation_px` (n,), none of them above `most_px`.

    Beyond the edges they are reflected. The cost grows with `most_px`, which is asked for so that
    what becomes of a picture does not depend on the others.
    """
    reach = min(math.ceil(REACH * most_px), *(side - 1 for side in planes.shape[2:]))
    weights = handed(_weights(deviation_px, reach), planes.device)
    for dimension in (2, 3):
        planes = _along(planes, weights, dimension, reach)
    return planes


def _along(planes: Tensor, weights: Tensor, dimension: int, reach: int) -> Tensor:
    """The sum of `planes` moved by -reach … reach along a dimension, by `weights` (n, 1 + reach)
    of these distances. Pairs that are as far are added up first, for that is cheap."""
    side = planes.shape[dimension]
    around = (reach, reach, 0, 0) if dimension == 3 else (0, 0, reach, reach)
    padded = F.pad(planes, around, mode="reflect") if reach else planes
    total = planes * weights[:, 0, None, None, None]
    for far in range(1, reach + 1):
        before, after = (padded.narrow(dimension, reach + way, side) for way in (-far, far))
        total += (before + after).mul_(weights[:, far, None, None, None])
    return total


def _weights(deviation_px: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """(n, 1 + reach) Gaussian weights of distances, which sum to 1 where all but the first count
    twice; no blur where the deviation is 0."""
    spread = np.maximum(deviation_px.astype(np.float64), 1e-3)[:, None]
    weights = np.exp(-0.5 * (np.arange(reach + 1) / spread) ** 2)
    total = 2 * weights.sum(1, keepdims=True) - weights[:, :1]
    return np.array(weights / total, np.float32)
