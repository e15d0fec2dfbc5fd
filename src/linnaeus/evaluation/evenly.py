"""Some of many, taken evenly: pictures mostly lie class by class, and the first few are of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["evenly"]


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """(k,) int64, rising: the places of at most `most` of `count` things, from the first to the
    last.

    >>> evenly(3, 8).tolist(), evenly(100, 4).tolist()
    ([0, 1, 2], [0, 33, 66, 99])
    """
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
