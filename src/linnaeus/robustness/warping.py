"""Pictures sampled at other places, and smooth fields: what bends and zooms are made of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

__all__ = ["sampled", "smoothed_fields", "stretching"]

Levels = NDArray[np.float32]


def sampled(levels: Levels, rows: Levels, columns: Levels) -> Levels:
    """`levels` (n, h, w, 3) at the places `rows` and `columns` (n, h', w'), bilinearly.

    Beyond the edge the picture goes on as its mirror image, the edge itself repeated.
    """
    count, height, width, _ = levels.shape
    top, left = np.floor(rows).astype(np.int64), np.floor(columns).astype(np.int64)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    picture = np.arange(count)[:, None, None]
    y0, y1 = _mirrored(top, height), _mirrored(top + 1, height)
    x0, x1 = _mirrored(left, width), _mirrored(left + 1, width)
    above = levels[picture, y0, x0] * (1 - across) + levels[picture, y0, x1] * across
    below = levels[picture, y1, x0] * (1 - across) + levels[picture, y1, x1] * across
    mixed: Levels = (above * (1 - down) + below * down).astype(np.float32)
    return mixed


def smoothed_fields(fields: Levels, down_px: float, across_px: float) -> Levels:
    """`fields` (n, k, h, w) under a Gaussian of these deviations in pixels, cut off at three."""
    sigma = (0, 0, down_px, across_px)
    smooth: Levels = gaussian_filter(fields, sigma, mode="reflect", truncate=3)
    return smooth


@lru_cache(maxsize=64)
def stretching(length: int, factor: float) -> Levels:
    """(round(length · factor), length): the matrix that stretches a row linearly, its ends kept.

    It is the same for all pictures of a size, which share it: not to be written to.
    """
    longer = max(1, round(length * factor))
    places = np.linspace(0, length - 1, longer)
    low = np.minimum(places.astype(int), max(0, length - 2))
    share = places - low
    matrix = np.zeros((longer, length), np.float32)
    rows = np.arange(longer)
    matrix[rows, low] = 1 - share
    if length > 1:
        matrix[rows, low + 1] += share
    matrix.flags.writeable = False
    return matrix


def _mirrored(places: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """`places` brought into 0 … length - 1 by mirrors at both edges."""
    turned = np.mod(places, 2 * length)
    return np.where(turned < length, turned, 2 * length - 1 - turned)
