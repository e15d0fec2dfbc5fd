"""How similar pictures are to a classifier's own eye: the cosine of what its features tell of them.

Features of a network are above 0 and near each other, so that the cosines of any two pictures come
out alike (0.83 on average in trashnet's 2,527 pictures, by a MobileNetV2). Each is therefore seen
from the middle of many, in units of how far it spreads: of the five most similar pictures 77 in 100
are of the same class then, by plain cosines 72, and 70 if they are centred alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Neighbour", "Nearest", "nearest"]

Features = NDArray[np.float32]

SMALLEST = 1e-12  # a spread, or a length, below which there is nothing to divide by


class Neighbour(NamedTuple):
    """A picture called `id` with its `label`, "" where it has none, and its `similarity`: the
    cosine of both pictures' features in a `Frame`, from -1 to 1."""

    id: str
    label: str
    similarity: float


class Frame(NamedTuple):
    """What features are seen from: the `middle` (d,) float32 of many, and the `scale` (d,) float32
    that gives each of them a spread of 1, 0 where it never changes."""

    middle: Features
    scale: Features

    @classmethod
    def of(cls, parts: Iterable[Features]) -> Frame:
        """The frame of features that come in `parts` (k, d), of which one is looked at at a time.

        Means and squares are joined as Chan, Golub and LeVeque (1979) do, in float64.
        """
        count, mean, squares = 0, np.zeros(1), np.zeros(1)
        for part in filter(len, parts):
            rows = part.astype(np.float64)
            of_part = rows.mean(axis=0)
            apart = of_part - mean
            both = count + len(rows)
            squares = squares + ((rows - of_part) ** 2).sum(axis=0)
            squares = squares + apart**2 * (count * len(rows) / both)
            mean = mean + apart * (len(rows) / both)
            count = both
        spread = np.sqrt(squares / max(count, 1))
        scale = np.where(spread > SMALLEST, 1 / np.maximum(spread, SMALLEST), 0.0)
        return cls(mean.astype(np.float32), scale.astype(np.float32))

    def units(self, features: Features) -> Features:
        """`features` (n, d) as rows of length 1, whose products are similarities; a row at the
        middle itself stays 0."""
        rows = (features - self.middle) * self.scale
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        units: Features = (rows / np.maximum(lengths, SMALLEST)).astype(np.float32)
        return units


class Nearest:
    """The `count` rows most similar to each of n `queries`, among those shown so far.

    `queries` (n, d) float32 are rows of length 1. Rows are shown some at a time, so that memory
    stays flat. `places` (n, k) int64 number them from 0 as they came, `similarities` (n, k) float32
    fall; of equal ones the earlier stands first.
    """

    def __init__(self, queries: Features, count: int) -> None:
        self._queries = queries
        self._count = count
        self._shown = 0
        self.places = np.empty((len(queries), 0), np.int64)
        self.similarities = np.empty((len(queries), 0), np.float32)

    def show(self, units: Features) -> None:
        """Look at `units` (m, d) float32, rows of length 1."""
        here = np.arange(self._shown, self._shown + len(units))
        self._shown += len(units)
        places = np.broadcast_to(here, (len(self._queries), len(units)))
        similarities = np.hstack([self.similarities, self._queries @ units.T])
        best = _best(similarities, self._count)
        self.similarities = np.take_along_axis(similarities, best, axis=1)
        self.places = np.take_along_axis(np.hstack([self.places, places]), best, axis=1)


def _best(values: Features, count: int) -> NDArray[np.int64]:
    """Where the `count` greatest `values` (n, m) of each row stand, the greatest first, of equal
    ones the earlier. Only those are sorted, which are few."""
    count = min(count, values.shape[1])
    if count == 0:
        return np.empty((len(values), 0), np.int64)
    least = np.partition(values, -count, axis=1)[:, -count]
    best = np.empty((len(values), count), np.int64)
    for row, (of_row, bound) in enumerate(zip(values, least, strict=True)):
        near = np.flatnonzero(~(of_row < bound))
        best[row] = near[np.argsort(-of_row[near], kind="stable")[:count]]
    return best


def nearest(features: Features, known: Features, count: int) -> Nearest:
    """The `count` rows of `known` (m, d) most similar to each of `features` (n, d)."""
    frame = Frame.of([known])
    found = Nearest(frame.units(features), count)
    found.show(frame.units(known))
    return found
