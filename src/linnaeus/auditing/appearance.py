"""What a picture looks like, described without a network: outlines, colours and texture.

Outlines are histograms of oriented gradients (Dalal and Triggs 2005) at two scales, as scikit-image
has them; texture is uniform local binary patterns (Ojala and others 2002) at three distances.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["APPEARANCE_PARTS", "appearance"]

OUTLINE_SIDES_PX = (48, 32)
CELL_PX, BLOCK_CELLS, ORIENTATIONS = 8, 2, 9
HUES, SATURATIONS, VALUES = 16, 8, 8
LEVELS = 6  # of each of red, green and blue, in the histogram of whole colours
GRID = 4
DISTANCES_PX = (1, 2, 4)
RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""Texture: a pixel's eight neighbours, in order around it, at each distance."""

PATTERN_KINDS = 59
LARGEST_AREA_PX = 112**2
"""Pictures are shrunk to this area first: larger ones take longer and tell no more."""

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
    len(DISTANCES_PX) * PATTERN_KINDS,
)
"""The widths of the parts of `appearance`, in order."""


def appearance(pixels: Pixels) -> Vector:
    """Describe `pixels` (h, w, 3) uint8 RGB: (sum(APPEARANCE_PARTS),) float32.

    On photographs of waste, where material is what tells classes apart, colour and texture find
    nearly all planted label errors and outlines half; on clothes and hand signs it is the outlines
    that do (benchmarks/label_errors.py). Takes milliseconds, growing with the number of pixels.
    """
    image = _shrunk(Image.fromarray(pixels))
    small = np.asarray(image)
    parts = [
        *(_outlines(image, side_px) for side_px in OUTLINE_SIDES_PX),
        _hue_saturation_value(image),
        _whole_colours(small),
        _colour_grid(small),
        _texture(np.asarray(image.convert("L"))),
    ]
    return np.concatenate(parts).astype(np.float32)


def _shrunk(image: Image.Image) -> Image.Image:
    scale = (LARGEST_AREA_PX / (image.width * image.height)) ** 0.5
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC)


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
    """Mean and deviation of each channel in each cell of a grid, its lines and columns repeated
    where there are fewer than the grid has."""
    lines, columns = (
        np.linspace(0, side, GRID, endpoint=False).astype(int) for side in pixels.shape[:2]
    )
    levels = pixels.astype(np.int64)
    sums, squares, counts = (
        np.add.reduceat(np.add.reduceat(of, lines, axis=0), columns, axis=1)
        for of in (levels, levels * levels, np.ones_like(levels))
    )
    mean = sums / counts
    deviation = np.sqrt(np.maximum(squares / counts - mean**2, 0))
    return np.concatenate([mean.ravel(), deviation.ravel()])


def _texture(grey: Pixels) -> Vector:
    """How often each kind of pattern is found: which neighbours are at least as bright."""
    kinds = _pattern_kinds()
    counts = [
        np.bincount(kinds, np.bincount(_patterns(grey, distance_px).ravel(), minlength=256))
        for distance_px in DISTANCES_PX
    ]
    return _root_shares(np.concatenate(counts), grey.size)


@cache
def _pattern_kinds() -> NDArray[np.int64]:
    """(256,) the kind of each pattern of eight bits.

    Those that change at most twice around the ring (an edge, a corner, a spot) are a kind each; all
    the others are one.
    """
    bits = np.arange(256)[:, None] >> np.arange(len(RING)) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, PATTERN_KINDS - 1)


def _patterns(grey: Pixels, distance_px: int) -> Pixels:
    """(h, w) uint8, a bit for each neighbour; beyond the border its pixels go on."""
    height, width = grey.shape
    wide = np.pad(grey, distance_px, mode="edge")
    patterns = np.zeros_like(grey)
    for bit, (down, right) in enumerate(RING):
        top, left = (1 + down) * distance_px, (1 + right) * distance_px
        neighbour = wide[top : top + height, left : left + width]
        patterns |= (neighbour >= grey).astype(np.uint8) << bit
    return patterns


def _root_shares(counts: NDArray[np.int64] | NDArray[np.float64], whole: int) -> Vector:
    """Square roots of shares: distances between them are Hellinger's, kinder to rare bins."""
    return np.sqrt(counts / whole).astype(np.float32)
