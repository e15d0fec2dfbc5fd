"""A map brought to the size of the picture, and smoothed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["enlarged", "smoothed"]

Maps = NDArray[np.float32]


def enlarged(maps: Maps, height: int, width: int) -> Maps:
    """`maps` (n, h', w') float32 as (n, height, width), bilinearly."""
    if maps.shape[1:] == (height, width):
        return maps
    return np.stack(
        [
            np.asarray(
                Image.fromarray(one.astype(np.float32)).resize(
                    (width, height), Image.Resampling.BILINEAR
                )
            )
            for one in maps
        ]
    )


def smoothed(importance: NDArray[np.float32], share: float = 1 / 24) -> NDArray[np.float32]:
    """A map (h, w) blurred with a Gaussian of `share` of the shorter side: single pixels of a
    gradient are noise, and what they say together is a place.
    """
    deviation = max(1.0, share * min(importance.shape))
    length = int(3 * deviation + 0.5)
    steps = np.arange(-length, length + 1)
    kernel = np.exp(-(steps**2) / (2 * deviation**2))
    kernel /= kernel.sum()
    edge = "reflect" if length < min(importance.shape) else "edge"
    padded = np.pad(importance.astype(np.float64), length, mode=edge)  # type: ignore[call-overload]
    across = np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="valid"), 1, padded)
    both = np.apply_along_axis(lambda column: np.convolve(column, kernel, mode="valid"), 0, across)
    return both.astype(np.float32)
