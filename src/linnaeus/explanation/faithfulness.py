"""Whether an explanation tells what the classifier goes by: measured, not assumed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.explanation.hiding import Answer, falling_ranks, masked
from linnaeus.randomness import generator

__all__ = [
    "Box",
    "Curves",
    "deletion_and_insertion",
    "likeness",
    "pointed_at",
    "random_map",
]

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, the last two excluded

STEPS = 20
BLOB = 1 / 16  # of the shorter side: a random map as smooth as explanations are


class Curves(NamedTuple):
    """The areas under two curves, of the probability of the class as the picture goes or comes.

    `deletion`: the most important places are hidden first; small is good. `insertion`: they are
    shown first; large is good. Both are in [0, 1].
    """

    deletion: float
    insertion: float

    @property
    def margin(self) -> float:
        """insertion - deletion: how far the map parts what counts from what does not."""
        return self.insertion - self.deletion


def deletion_and_insertion(
    answer: Answer,
    picture: Pixels,
    target: int,
    cover: Pixels,
    importance: Map,
    *,
    steps: int = STEPS,
) -> Curves:
    """The areas of Petsiuk and others (2018) for the map `importance` (h, w), in `steps` steps."""
    counts = np.linspace(0, importance.size, steps + 1).round().astype(np.int64)
    first = falling_ranks(importance)[None] < counts[:, None, None]
    without = answer(masked(picture, cover, first))[:, target]
    only = answer(masked(picture, cover, ~first))[:, target]
    return Curves(*(float(np.trapezoid(curve, dx=1 / steps)) for curve in (without, only)))


def random_map(shape: tuple[int, int], seed: int, index: int) -> Map:
    """A map (h, w) float32 that knows nothing: smooth noise, drawn for the picture `index`."""
    height, width = shape
    side = max(1, round(BLOB * min(height, width)))
    cells = (height // side + 2, width // side + 2)
    coarse = generator(seed, "maps that know nothing", index).random(cells)
    rows, columns = np.arange(height) / side, np.arange(width) / side
    y, x = rows.astype(int), columns.astype(int)
    down, across = (rows - y)[:, None], (columns - x)[None]
    above = coarse[y][:, x] * (1 - across) + coarse[y][:, x + 1] * across
    below = coarse[y + 1][:, x] * (1 - across) + coarse[y + 1][:, x + 1] * across
    drawn: Map = (above * (1 - down) + below * down).astype(np.float32)
    return drawn


def pointed_at(importance: Map, boxes: list[Box]) -> bool:
    """The pointing game (Zhang and others 2018): whether the map's maximum lies in a box."""
    y, x = np.unravel_index(int(importance.argmax()), importance.shape)
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in boxes)


def likeness(one: Map, other: Map) -> float:
    """Spearman's rank correlation of two maps, in [-1, 1]; 0 where one is flat.

    Near 1 between the maps of a network and of one with random weights, a map does not depend on
    what was learnt (the sanity check of Adebayo and others 2018). Near 1 between those of a picture
    and of the same with a little noise, it is stable.
    """
    a, b = (_ranks(each.ravel()) for each in (one, other))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ranks from 0; those of equal values are their mean."""
    distinct, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means = ends - (counts + 1) / 2
    ranks: NDArray[np.float64] = means[which]
    return ranks if len(distinct) > 1 else np.zeros(len(values))
