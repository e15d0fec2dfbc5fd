"""The sizes of the pictures as a scatter, width against height, coloured by class."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.auditing.sampling import evenly_by_class

__all__ = ["COLOURS", "Dot", "SizesChart", "Tick", "sizes_chart"]

COLOURS = 12
"""Classes that get a colour of their own; more could not be told apart. Others are grey."""

MOST_PICTURES = 3000
LEFT, TOP, SIDE, PAD = 52.0, 10.0, 420.0, 18.0
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Dot:
    """Pictures of one size and class: where, how large, and in which colour they are drawn."""

    x: float
    y: float
    radius: float
    colour: int
    place: int
    size_px: tuple[int, int]
    count: int


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    pixels: int


@dataclass(frozen=True)
class SizesChart:
    """Dots and axes, ready to be drawn. Both axes are logarithmic and alike.

    `shown` of `total` readable pictures are drawn. `colours`: the class behind each colour.
    """

    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    shown: int
    total: int
    colours: tuple[int, ...]
    left: float = LEFT
    top: float = TOP
    side: float = SIDE


def sizes_chart(
    sizes_px: NDArray[np.int32], labels: NDArray[np.int64], rows: NDArray[np.int64]
) -> SizesChart:
    """The chart of the pictures at `rows`: `sizes_px` (n, 2) width and height, `labels` (n,).

    Of more than 3,000 pictures that many are drawn, evenly by class.
    """
    drawn = rows[evenly_by_class(labels[rows], MOST_PICTURES)]
    colours = _commonest(labels[rows])
    table = np.column_stack([sizes_px[drawn], labels[drawn]])
    different, counts = np.unique(table, axis=0, return_counts=True)
    low, high = int(different[:, :2].min()), int(different[:, :2].max())
    across = _logarithmic(low, high, LEFT + PAD, LEFT + SIDE - PAD)
    upwards = _logarithmic(low, high, TOP + SIDE - PAD, TOP + PAD)
    largest_first = np.argsort(-counts, kind="stable")  # small dots stay visible on large ones
    dots = [
        Dot(
            across(width),
            upwards(height),
            min(3 + math.sqrt(count) * 0.6, 14),
            colours.index(place) if place in colours else COLOURS,
            place,
            (width, height),
            int(count),
        )
        for (width, height, place), count in (
            (different[at].tolist(), counts[at]) for at in largest_first
        )
    ]
    values = _round_numbers(low, high)
    return SizesChart(
        tuple(dots),
        tuple(Tick(across(value), value) for value in values),
        tuple(Tick(upwards(value), value) for value in values),
        len(drawn),
        len(rows),
        colours,
    )


def _commonest(labels: NDArray[np.int64]) -> tuple[int, ...]:
    """The classes that get a colour: all where they are few, else the most frequent ones."""
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    most = classes[np.argsort(-counts, kind="stable")[:COLOURS]]
    return tuple(int(place) for place in np.sort(most))


def _logarithmic(low: int, high: int, start: float, end: float) -> Callable[[int], float]:
    if low == high:
        return lambda value: (start + end) / 2
    span = math.log(high / low)
    return lambda value: round(start + math.log(value / low) / span * (end - start), 1)


def _round_numbers(low: int, high: int) -> list[int]:
    """Both ends, and the 1, 2 and 5 times powers of ten between them that leave room for text."""
    inner = (
        step * 10**power
        for power in range(len(str(high)))
        for step in STEPS
        if low * 1.25 < step * 10**power < high / 1.25
    )
    return sorted({low, high, *inner})
