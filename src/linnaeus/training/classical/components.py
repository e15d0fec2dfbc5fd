"""Principal components: fewer numbers that keep most of what features vary in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.feature_graphs import with_components
from linnaeus.training.head import standardisation

__all__ = ["Components", "principal_components"]

ROWS = 1024  # taken at a time in double precision

Floats = NDArray[np.float32]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """`features` become `(features - shift) @ matrix`: shift (d,), matrix (d, k), float32.

    `kept`: the share of the variance that is left.
    """

    shift: Floats
    matrix: Floats
    kept: float

    def __call__(self, features: Floats) -> Floats:
        """(n, k) for `features` (n, d)."""
        return np.asarray((features - self.shift) @ self.matrix, np.float32)

    def on(self, graph: bytes) -> bytes:
        """`graph` with the components in place of its features."""
        return with_components(graph, self.shift, self.matrix)


def principal_components(
    features: Floats, parts: Sequence[int] | None, wanted: float
) -> Components:
    """The directions in which standardised `features` (n, d) vary most.

    `wanted`: how many or, below 1, the share of the variance that they keep. There are never more
    than d, or than n - 1. The sign of each is such that its largest number is positive.
    """
    shift, scale = standardisation(features, parts)
    few = len(features) < features.shape[1]
    spread = _of_pictures if few else _of_features
    variances, directions = spread(features, shift, scale)
    shares = np.cumsum(variances) / max(float(variances.sum()), np.finfo(np.float64).tiny)
    most = max(1, min(len(features) - 1, len(variances)))
    count = int(np.searchsorted(shares, wanted) + 1) if wanted < 1 else round(wanted)
    count = min(most, count)
    chosen = directions[:, :count]
    largest = chosen[np.abs(chosen).argmax(axis=0), np.arange(count)]
    matrix = scale[:, None] * chosen * np.where(largest < 0, -1.0, 1.0)
    return Components(shift.astype(np.float32), matrix.astype(np.float32), float(shares[count - 1]))


def _of_features(features: Floats, shift: Array, scale: Array) -> tuple[Array, Array]:
    """Variances, the largest first, and their directions (d, d), of the scaled features."""
    covariance = np.zeros((features.shape[1], features.shape[1]))
    for start in range(0, len(features), ROWS):
        rows = (features[start : start + ROWS] - shift) * scale
        covariance += rows.T @ rows
    variances, directions = np.linalg.eigh(covariance)
    return np.maximum(variances[::-1], 0), directions[:, ::-1]


def _of_pictures(features: Floats, shift: Array, scale: Array) -> tuple[Array, Array]:
    """The same from products of pictures, (d, n): quicker where these are fewer than features."""
    rows = (features - shift) * scale
    variances, mixtures = np.linalg.eigh(rows @ rows.T)
    variances = np.maximum(variances[::-1], 0)
    directions = rows.T @ mixtures[:, ::-1]
    length = np.sqrt((directions**2).sum(axis=0))
    return variances, directions / np.maximum(length, np.finfo(np.float64).tiny)
