"""Whether an explanation tells what the classifier goes by: measured, not assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.explanation.hiding import falling_ranks, masked
from linnaeus.randomness import generator

__all__ = [
    "Box",
    "Curves",
    "Mapped",
    "deletion_and_insertion",
    "likeness",
    "pointed_at",
    "random_map",
]

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]
Maps = NDArray[np.float32]
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


class Mapped(NamedTuple):
    """A `picture` (h, w, 3) uint8, the class of interest, what stands where the picture is hidden,
    of its shape, and `maps` (k, h, w) float32 of what speaks for that class."""

    picture: Pixels
    target: int
    cover: Pixels
    maps: Maps


def deletion_and_insertion(
    answer: Callable[[Iterable[Pixels]], NDArray[np.float32]],
    mapped: Sequence[Mapped],
    *,
    steps: int = STEPS,
) -> list[list[Curves]]:
    """The areas of Petsiuk and others (2018), in `steps` steps, for each map of each picture.

    `answer` takes any number of pictures (h, w, 3) to probabilities (n, classes). It is asked once
    for all, with pictures made as it takes them, so that it can answer many at a time: for each
    picture two answers, and 2 · (`steps` - 1) for each of its maps.
    """
    asked = (picture for one in mapped for picture in _hidden_more_and_more(one, steps))
    answers = answer(asked)
    found, at = [], 0
    for one in mapped:
        count = 2 + 2 * (steps - 1) * len(one.maps)
        whole, nothing, *between = answers[at : at + count, one.target]
        at += count
        curves = np.reshape(between, (len(one.maps), 2, steps - 1))
        areas = (
            Curves(
                _area([whole, *without, nothing], steps),
                _area([nothing, *only, whole], steps),
            )
            for without, only in curves
        )
        found.append(list(areas))
    return found


def _hidden_more_and_more(mapped: Mapped, steps: int) -> Iterator[Pixels]:
    """The picture, its cover, and for each map the picture without its most important places, more
    and more of them, and with them alone."""
    picture, cover = mapped.picture, mapped.cover
    yield from (picture, cover)
    counts = np.linspace(0, mapped.maps[0].size, steps + 1).round().astype(np.int64)
    for importance in mapped.maps:
        first = falling_ranks(importance)[None] < counts[1:-1, None, None]
        yield from masked(picture, cover, first)
        yield from masked(picture, cover, ~first)


def _area(curve: Sequence[np.float32], steps: int) -> float:
    return float(np.trapezoid(np.array(curve), dx=1 / steps))


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
    """The pointing game (Zhang and others 2018): whether the map's maximum lies in a box; a flat
    map has none."""
    if importance.max() == importance.min():
        return False
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
