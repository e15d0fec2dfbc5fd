"""Histograms of oriented gradients (Dalal and Triggs, 2005), whole batches at a time."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

__all__ = ["Hog"]

LEVELS = 255
LARGEST_SHARE = 0.2  # of a block's length that one number may have: the paper's
TINY = 1e-5  # scikit-image's, so that a block without gradients is zeros

Pixels = NDArray[np.uint8]


class Hog(BaseModel):
    """Directions of gradients, counted in cells and normalised in blocks of cells.

    A pixel votes with the length of its gradient, in the colour channel where that is longest, for
    one of `orientations` directions of its cell, which is `cell_px` wide and high. Each block of
    `block_cells` times as many cells is scaled to length 1, with no number above 0.2. Pixels to the
    right and below that fill no cell are not looked at. The numbers are those of scikit-image's
    `hog` to rounding, and the same bits whatever batch a picture is in. With `colours`, the mean
    colour of each cell stands behind them, as shares of white.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hog"] = "hog"
    version: Literal[1] = 1
    cell_px: Annotated[int, Ge(1)]
    orientations: Annotated[int, Ge(2)] = 9
    block_cells: Annotated[int, Ge(1)] = 2
    colours: bool = False

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, d) for pictures (n, height, width, 3) uint8 RGB of at least a block's size."""
        magnitude, direction = _gradients(pixels, self.orientations)
        cells = self._cells(magnitude, direction)
        blocks = _normalised(_blocks(cells, self.block_cells))
        if not self.colours:
            return blocks
        return np.concatenate([blocks, _colours(pixels, self.cell_px)], axis=1)

    def _cells(
        self, magnitude: NDArray[np.float64], direction: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """(n, rows, columns, orientations): the mean vote for each direction in each cell.

        A count adds up in the order of the pixels, so the sums do not depend on the batch.
        """
        count, height, width = magnitude.shape
        rows, columns = height // self.cell_px, width // self.cell_px
        used = np.s_[:, : rows * self.cell_px, : columns * self.cell_px]
        row = np.arange(rows * self.cell_px) // self.cell_px
        column = np.arange(columns * self.cell_px) // self.cell_px
        picture = np.arange(count)[:, None, None] * rows
        cell = (picture + row[:, None]) * columns + column
        place = cell * self.orientations + direction[used]
        shape = (count, rows, columns, self.orientations)
        votes = np.bincount(place.ravel(), magnitude[used].ravel(), int(np.prod(shape)))
        return votes.reshape(shape) / self.cell_px**2


def _gradients(pixels: Pixels, orientations: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The length of each pixel's longest gradient (n, h, w), and which direction it has.

    Gradients are differences of the pixels on both sides; at the edges they are nothing.
    """
    levels = pixels.astype(np.int32)
    down, across = np.zeros_like(levels), np.zeros_like(levels)
    down[:, 1:-1] = levels[:, 2:] - levels[:, :-2]
    across[:, :, 1:-1] = levels[:, :, 2:] - levels[:, :, :-2]
    # One number holds a gradient: its place in the table of directions.
    squared = down * down + across * across
    place = (down + LEVELS) * (2 * LEVELS + 1) + across + LEVELS
    longest, where = squared[..., 0], place[..., 0]
    for channel in range(1, pixels.shape[-1]):
        longer = squared[..., channel] > longest
        longest = np.where(longer, squared[..., channel], longest)
        where = np.where(longer, place[..., channel], where)
    return np.sqrt(longest.astype(np.float64)), _directions(orientations)[where]


@cache
def _directions(orientations: int) -> NDArray[np.intp]:
    """The direction of every gradient that 8 bits allow, as one of so many between 0° and 180°."""
    steps = np.arange(-LEVELS, LEVELS + 1)
    angle = np.rad2deg(np.arctan2(steps[:, None], steps[None])) % 180
    return (angle // (180 / orientations)).astype(np.intp).ravel()


def _blocks(cells: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """(n, block rows, block columns, side * side * orientations) for every block of cells."""
    count, rows, columns, orientations = cells.shape
    down, across = rows - side + 1, columns - side + 1
    parts = [cells[:, r : r + down, c : c + across] for r in range(side) for c in range(side)]
    return np.concatenate(parts, axis=-1).reshape(count, down, across, side**2 * orientations)


def _normalised(blocks: NDArray[np.float64]) -> NDArray[np.float32]:
    """Blocks at length 1 with no number above 0.2, and at length 1 again: (n, d)."""
    once = np.minimum(blocks / _length(blocks), LARGEST_SHARE)
    return (once / _length(once)).astype(np.float32).reshape(len(blocks), -1)


def _colours(pixels: Pixels, cell_px: int) -> NDArray[np.float32]:
    """(n, cells * 3): the mean of red, green and blue in each cell, in [0, 1]."""
    rows, columns = (side // cell_px for side in pixels.shape[1:3])
    used = pixels[:, : rows * cell_px, : columns * cell_px]
    cells = used.reshape(len(pixels), rows, cell_px, columns, cell_px, -1)
    levels = cells.sum(axis=(2, 4), dtype=np.int64) / (LEVELS * cell_px**2)
    return np.asarray(levels.reshape(len(pixels), -1), np.float32)


def _length(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, 1) lengths, added up number by number: NumPy's own sums go by the shape of a batch."""
    total = np.zeros(blocks.shape[:-1])
    for number in range(blocks.shape[-1]):
        total += blocks[..., number] * blocks[..., number]
    return np.sqrt(total + TINY**2)[..., None]
