"""How sharp a picture is, whatever it shows and however strong its contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sharpness"]

APART_PX = 6
"""Edges blurred by a Gaussian of sigma 3 rise over about so many pixels."""

LEAST_SIDE_PX = 16
"""Smaller pictures have too few pixels to tell an edge from a slope."""


def sharpness(grey: NDArray[np.uint8]) -> float:
    """How much of its rise an edge makes from one pixel to the next, between 0 and about 1.

    `grey`: (height, width). Steps between neighbours are set against steps over six pixels, both
    in their fourth powers, so that the strongest edges decide and a plain background does not: a
    sharp picture with little in it is sharp. A clean edge gives about 0.6, a photograph 0.4 to
    0.6, one blurred by sigma 3 about 0.18, a straight ramp 1/6. 0 where nothing can be said: less
    than 16 pixels wide or high, or no steps at all.
    """
    if min(grey.shape) < LEAST_SIDE_PX:
        return 0.0
    values = grey.astype(np.float32)
    far = _steps(values, APART_PX)
    return float((_steps(values, 1) / far) ** 0.25) if far > 0 else 0.0


def _steps(values: NDArray[np.float32], apart: int) -> float:
    """The mean fourth power of the differences between pixels so far apart."""
    down = np.square(values[apart:] - values[:-apart]).ravel()
    across = np.square(values[:, apart:] - values[:, :-apart]).ravel()
    return float((down @ down + across @ across) / (down.size + across.size))
