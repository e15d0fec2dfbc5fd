"""Brightness of colour pictures, in whole numbers, so that it is the same bits on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["grey"]

RED, GREEN, BLUE = 299, 587, 114  # thousandths: the luma of ITU-R 601, which Pillow takes too


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, height, width) for pictures (n, height, width, 3) uint8 RGB, to the nearest level."""
    levels = pixels.astype(np.uint32)
    weighed = RED * levels[..., 0] + GREEN * levels[..., 1] + BLUE * levels[..., 2]
    return ((weighed + 500) // 1000).astype(np.uint8)
