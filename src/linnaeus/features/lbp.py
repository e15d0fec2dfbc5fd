"""Local binary patterns (Ojala and others, 2002): which neighbours of a pixel are as bright."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from linnaeus.features.grey import grey

__all__ = ["Lbp"]

NEIGHBOURS = 8
PATTERNS = NEIGHBOURS * (NEIGHBOURS - 1) + 3  # 58 that change at most twice around, and the rest


class Lbp(BaseModel):
    """Counts of local patterns in `grid` × `grid` parts of a picture, on circles of `radii_px`.

    A pattern tells which of eight neighbours on a circle are at least as bright as the pixel; the
    58 whose answers change at most twice around the circle are counted each for itself, the others
    together. They are scikit-image's `nri_uniform` patterns, to the bit. What is given is the root
    of each pattern's share of a part (Hellinger's distance).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["lbp"] = "lbp"
    version: Literal[1] = 1
    grid: Annotated[int, Ge(1)] = 4
    radii_px: tuple[Annotated[int, Ge(1)], ...] = (1, 2)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, radii * grid² * 59) for pictures (n, height, width, 3) uint8, `grid` px a side."""
        levels = grey(pixels)
        parts = [self._shares(patterns(levels, radius)) for radius in self.radii_px]
        return np.sqrt(np.concatenate(parts, axis=1)).astype(np.float32)

    def _shares(self, found: NDArray[np.intp]) -> NDArray[np.float64]:
        """(n, grid² * 59): the share of each pattern in each part."""
        count, height, width = found.shape
        row = np.arange(height) * self.grid // height
        column = np.arange(width) * self.grid // width
        part = row[:, None] * self.grid + column
        parts = self.grid**2
        place = (np.arange(count)[:, None, None] * parts + part) * PATTERNS + found
        counts = np.bincount(place.ravel(), minlength=count * parts * PATTERNS)
        sizes = np.bincount(part.ravel(), minlength=parts)
        return (counts.reshape(count, parts, PATTERNS) / sizes[:, None]).reshape(count, -1)


def patterns(levels: NDArray[np.uint8], radius_px: int) -> NDArray[np.intp]:
    """The pattern around each pixel of grey pictures (n, height, width), from 0 to 58.

    Around the picture all is black.
    """
    count, height, width = levels.shape
    wide = np.zeros((count, height + 2 * radius_px, width + 2 * radius_px))
    wide[:, radius_px : radius_px + height, radius_px : radius_px + width] = levels
    bits = np.zeros(levels.shape, np.intp)
    for place in range(NEIGHBOURS):
        turn = 2 * math.pi * place / NEIGHBOURS
        # Rounded as scikit-image does, so that what is as bright is so there and here.
        down = round(-radius_px * math.sin(turn), 5)
        across = round(radius_px * math.cos(turn), 5)
        brighter = _between(wide, height, width, radius_px, down, across) >= levels
        bits |= brighter.astype(np.intp) << place
    return _pattern_of_bits()[bits]


def _between(
    wide: NDArray[np.float64], height: int, width: int, margin: int, down: float, across: float
) -> NDArray[np.float64]:
    """The levels so far `down` and `across` from each pixel, between four pixels linearly."""
    top, low, part_down = _pair(height, margin, down)
    left, right, part_across = _pair(width, margin, across)
    upper = _line(wide[:, top], left, right, part_across)
    lower = _line(wide[:, low], left, right, part_across)
    part = part_down[:, None]
    return (1 - part) * upper + part * lower


def _pair(
    length: int, margin: int, move: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """The pixels on both sides of each place moved by `move`, and how far beyond the first it is.

    The part is taken at each place anew: rounded there as scikit-image has it, pixel by pixel.
    """
    places = np.arange(length) + move
    before, behind = np.floor(places), np.ceil(places)
    return before.astype(np.intp) + margin, behind.astype(np.intp) + margin, places - before


def _line(
    rows: NDArray[np.float64],
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    part: NDArray[np.float64],
) -> NDArray[np.float64]:
    return (1 - part) * rows[:, :, left] + part * rows[:, :, right]


@cache
def _pattern_of_bits() -> NDArray[np.intp]:
    """The pattern that each of the 256 answers of eight neighbours is counted as."""
    return np.array([_pattern(bits) for bits in range(1 << NEIGHBOURS)], np.intp)


def _pattern(bits: int) -> int:
    ring = [bits >> place & 1 for place in range(NEIGHBOURS)]
    changes = sum(ring[place] != ring[place - 1] for place in range(NEIGHBOURS))
    ones = sum(ring)
    if changes > 2:
        return PATTERNS - 1
    if ones in (0, NEIGHBOURS):
        return 0 if ones == 0 else PATTERNS - 2
    first = ring.index(1)
    turned = ones - ring.index(0) if first == 0 else NEIGHBOURS - first
    return 1 + (ones - 1) * NEIGHBOURS + turned
