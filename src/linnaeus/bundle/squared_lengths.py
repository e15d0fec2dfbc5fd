"""The squared lengths of rows of numbers, to the same bits however many rows there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["squared_lengths"]

MOST_AT_ONCE = 8192
"""Numbers in NumPy's buffer. Of longer rows, einsum sums up each in parts that depend on how many
rows there are."""


def squared_lengths(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(...,) float32 of rows (..., n)."""
    if rows.ndim > 1 and rows.shape[-1] > MOST_AT_ONCE:
        return np.array([squared_lengths(row) for row in rows], np.float32)
    squared: NDArray[np.float32] = np.einsum("...n,...n->...", rows, rows)
    return squared
