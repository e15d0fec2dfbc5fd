"""What a picture looks like, described without a network: outlines, colours and texture.

Outlines are histograms of oriented gradients (Dalal and Triggs 2005) at two scales, texture is
uniform local binary patterns (Ojala and others 2002) at three radii, both as scikit-image has them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["APPEARANCE_PARTS", "appearance"]

OUTLINE_SIDES_PX = (64, 32)
CELL_PX, BLOCK_CELLS, ORIENTATIONS = 8, 2, 9
HUES, SATURATIONS, VALUES = 16, 8, 8
LEVELS = 6  # of each of red, green and blue, in the histogram of whole colours
GRID = 4
RINGS = ((8, 1), (8, 2), (16, 3))
"""Texture: points on a ring, and its radius in pixels."""

Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]


def _outline_width(side_px: int) -> int:
    blocks = side_px // CELL_PX - BLOCK_CELLS + 1
    return blocks**2 * BLOCK_CELLS**2 * ORIENTATIONS


APPEARANCE_PARTS: tuple[int, ...] = (
    *map(_outline_width, OUTLINE_SIDES_PX),
    HUES + SATURATIONS + VALUES,
    LEVELS**3,
    GRID**2 * 6,
    sum(points + 2 for points, _ in RINGS),
)
"""The widths of the parts of `appearance`, in order."""


def appearance(pixels: Pixels) -> Vector:
    """Describe `pixels` (h, w, 3) uint8 RGB: (sum(APPEARANCE_PARTS),) float32.

    On photographs of waste, where material is what tells classes apart, colour and texture find
    nearly all planted label errors and outlines half; on clothes and hand signs it is the outlines
    that do (benchmarks/label_errors.py). Takes milliseconds, growing with the number of pixels.
    """
    image = Image.fromarray(pixels)
    parts = [
        *(_outlines(image, side_px) for side_px in OUTLINE_SIDES_PX),
        _hue_saturation_value(image),
        _whole_colours(pixels),
        _colour_grid(pixels),
        _texture(image),
    ]
    return np.concatenate(parts).astype(np.float32)


def _outlines(image: Image.Image, side_px: int) -> Vector:
    from skimage.feature import hog

    small = image.resize((side_px, side_px), Image.Resampling.BICUBIC)
    described: Vector = hog(
        np.asarray(small),
        orientations=ORIENTATIONS,
        pixels_per_cell=(CELL_PX, CELL_PX),
        cells_per_block=(BLOCK_CELLS, BLOCK_CELLS),
        channel_axis=2,
    )
    return described


def _hue_saturation_value(image: Image.Image) -> Vector:
    counts = np.array(image.convert("HSV").histogram()).reshape(3, 256)
    bins = (HUES, SATURATIONS, VALUES)
    pooled = [c.reshape(n, -1).sum(axis=1) for c, n in zip(counts, bins, strict=True)]
    return _root_shares(np.concatenate(pooled), image.width * image.height)


def _whole_colours(pixels: Pixels) -> Vector:
    red, green, blue = np.moveaxis(pixels.astype(np.int64) * LEVELS // 256, 2, 0)
    counts = np.bincount(((red * LEVELS + green) * LEVELS + blue).ravel(), minlength=LEVELS**3)
    return _root_shares(counts, red.size)


def _colour_grid(pixels: Pixels) -> Vector:
    """Mean and deviation of each channel in each cell of a grid."""
    bands = np.array_split(pixels, GRID, axis=0)
    cells = [cell.reshape(-1, 3) for band in bands for cell in np.array_split(band, GRID, axis=1)]
    return np.concatenate([moment for c in cells for moment in (c.mean(axis=0), c.std(axis=0))])


def _texture(image: Image.Image) -> Vector:
    from skimage.feature import local_binary_pattern

    grey = np.asarray(image.convert("L"))
    patterns = [local_binary_pattern(grey, n, radius, "uniform") for n, radius in RINGS]
    counts = [
        np.bincount(pattern.astype(np.int64).ravel(), minlength=points + 2)
        for pattern, (points, _) in zip(patterns, RINGS, strict=True)
    ]
    return _root_shares(np.concatenate(counts), grey.size)


def _root_shares(counts: NDArray[np.int64], whole: int) -> Vector:
    """Square roots of shares: distances between them are Hellinger's, kinder to rare bins."""
    return np.sqrt(counts / whole).astype(np.float32)
