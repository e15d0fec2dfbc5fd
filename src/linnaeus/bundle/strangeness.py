"""How strange a picture looks to a classifier: scores from its answer and a sketch of it, in NumPy.

The sketch is the little that has to be kept of a picture: coordinates of its features and of its
appearance, and how much of the features these leave out. Scores are larger for stranger pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.softmax import softmax
from linnaeus.bundle.squared_lengths import squared_lengths

__all__ = ["BLOCK", "NEIGHBOUR", "SCORES", "Known", "Sketching", "scores_of"]

Floats = NDArray[np.float32]

SCORES = ("softmax", "energy", "neighbours", "mahalanobis", "residual", "appearance")
"""softmax: one minus the largest probability (Hendrycks and Gimpel 2017). energy: minus the log of
the summed powers of the logits (Liu and others 2020). neighbours: how far the nearest known
features of unit length are (Sun and others 2022). mahalanobis: how far the nearest class is, by the
spread of classes (Lee and others 2018). residual: how much of the features lies outside of where
known ones lie, which is what ViM adds to the energy (Wang and others 2022). appearance: how far the
nearest known pictures are by brightness, colours and detail."""

NEIGHBOUR = 5
"""Which nearest known picture counts: one alone may be a stray, and classes can have few."""

BLOCK = 256
"""Pictures whose scores and distances are computed at a time, so that memory stays flat."""

FEW = 16
"""The same where every class takes a row of coordinates: of a thousand classes, a few megabytes."""


@dataclass(frozen=True, eq=False)
class Sketching:
    """How a picture is sketched: principal components of known features and appearances.

    `middle` (d,) float32 and `axes` (q, d) float32, orthonormal rows, are of features brought to
    unit length; `look_middle` (a,) float32 and `look_axes` (p, a) float32 of `bundle.appearance`,
    and whiten it.
    """

    middle: Floats
    axes: Floats
    look_middle: Floats
    look_axes: Floats

    def __call__(self, features: Floats, look: Floats) -> Floats:
        """(..., q + 1 + p) float32 of `features` (..., d) and appearances `look` (..., a), each by
        itself; see `Known` for parts."""
        lengths: Floats = np.maximum(np.sqrt(squared_lengths(features)), 1e-12)[..., None]
        apart = features / lengths - self.middle
        along = _each_along(self.axes, apart)
        # Of squared lengths, where the axes leave out next to nothing, the difference is rounding.
        rest = np.sqrt(squared_lengths(apart - _each_along(self.axes.T, along)))
        looks = _each_along(self.look_axes, look - self.look_middle)
        return np.concatenate([along, rest[..., None], looks], axis=-1)


def _each_along(axes: Floats, rows: Floats) -> Floats:
    """(..., k) the products of k `axes` (k, n) with each row of (..., n), a row at a time: of
    several at once a product of matrices would sum up in another order than of one."""
    along: Floats = (axes @ rows[..., None])[..., 0]
    return along


class Neighbours:
    """Points (m, q) float32, and how far others are from those next to them."""

    def __init__(self, bank: Floats) -> None:
        self._bank = bank
        self._lengths = squared_lengths(bank)

    def distances(self, points: Floats) -> Floats:
        """(n,) from `points` (n, q) to the fifth nearest, or to the farthest if there are fewer."""
        nearest = min(NEIGHBOUR, len(self._bank)) - 1
        distances = np.empty(len(points), np.float32)
        for start in range(0, len(points), BLOCK):
            some = points[start : start + BLOCK]
            along = _each_along(self._bank, some)
            apart = self._lengths - 2 * along + squared_lengths(some)[:, None]
            squared = np.partition(apart, nearest, axis=1)[:, nearest]
            distances[start : start + BLOCK] = np.sqrt(np.maximum(squared, 0.0))
        return distances


@dataclass(frozen=True, eq=False)
class Known:
    """Where known pictures lie.

    `bank` (m, q) float16 are coordinates of the features of some of them, `look_bank` (m, p)
    float16 of their appearance. `middles` (classes, q) float32 are the coordinates of the classes'
    means; a class without pictures has NaN and is never the nearest. `precision` (q, q) float32 is
    the inverse of how pictures spread about the mean of their class.
    """

    bank: NDArray[np.float16]
    look_bank: NDArray[np.float16]
    middles: Floats
    precision: Floats

    @cached_property
    def middles_there(self) -> Floats:
        """The `middles` of the classes that have pictures."""
        return self.middles[~np.isnan(self.middles).any(axis=1)]

    @cached_property
    def neighbours(self) -> Neighbours:
        """The `bank`, made ready once for any number of pictures."""
        return Neighbours(self.bank.astype(np.float32))

    @cached_property
    def look_neighbours(self) -> Neighbours:
        """The `look_bank`, likewise."""
        return Neighbours(self.look_bank.astype(np.float32))


def scores_of(sketches: Floats, logits: Floats, known: Known) -> NDArray[np.float64]:
    """(n, scores): every one of `SCORES` for n pictures; NaN where the picture was not read.

    Of each by itself: a picture must not be stranger beside others than alone.
    `sketches` (n, q + 1 + p) as `Sketching` gives them, `logits` (n, classes).
    """
    q = known.bank.shape[1]
    along, rest, looks = sketches[:, :q], sketches[:, q], sketches[:, q + 1 :]
    columns = [
        1.0 - softmax(logits).max(axis=1),
        _energy(logits.astype(np.float64)),
        known.neighbours.distances(along),
        _to_classes(along, known),
        rest,
        known.look_neighbours.distances(looks),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _energy(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = logits.max(axis=1)
    energy: NDArray[np.float64] = -largest - np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return energy


def _to_classes(along: Floats, known: Known) -> Floats:
    """(n,) the Mahalanobis distance to the nearest class."""
    least = np.full(len(along), np.inf, np.float32)
    if len(known.middles_there):
        for start in range(0, len(along), FEW):
            apart = along[start : start + FEW, None] - known.middles_there
            squared = np.einsum("ncq,ncq->nc", apart @ known.precision, apart)
            least[start : start + FEW] = squared.min(axis=1)
    return np.sqrt(np.maximum(least, 0.0))
