"""How well one property of pictures tells their classes by itself: a histogram, judged out of fold.

Nothing could be simpler to learn, so what it reaches any model can reach without looking further.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import generator
from linnaeus.wilson import wilson

__all__ = ["ToldAlone", "binned", "folds_of", "told_alone"]

FOLDS = 5

FEWEST_IN_BIN = 20
"""Pictures: a bin of fewer says more of its pictures than of their classes."""

MOST_BINS = 32
"""Of each of a property's numbers, besides one for each frequent value."""

FREQUENT, FREQUENT_OF = 5, 2_000
"""A value is frequent that five pictures have, and one in 2,000."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ToldAlone:
    """How well classes were told by one property, by a histogram that had not seen the picture.

    `told`: (classes,) float64, how well each class is told from all others: the mean of the share
    of its pictures, and of the share of all others, that are placed rightly; 0.5 is guessing.
    `told_low`: the lower end of its 95 % interval; 0 for a class without pictures.
    `given_away`: (m,) bool, which marks are of a picture that the property places in their class.
    `accuracy`: the share of pictures whose class is named; `accuracy_low` and `accuracy_high` its
    95 % interval; `chance` what always naming the most frequent class reaches.
    """

    told: NDArray[np.float64]
    told_low: NDArray[np.float64]
    given_away: NDArray[np.bool_]
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    chance: float


def told_alone(cells: Rows, marks: Rows, classes: int, folds: Rows) -> ToldAlone:
    """Judge the property that puts n pictures into `cells` (n,), numbers from 0.

    `marks`: (m, 2) int64, a picture and a class of it, for every label of every picture. `folds`:
    (n,) in [0, 5), see `folds_of`: each is judged by what the others say. Time and memory are
    those of sorting the marks, whatever the number of classes.
    """
    pairs = _Pairs.of(cells, marks, classes)
    hits, false_alarms = np.zeros(classes), np.zeros(classes)
    given_away, right = np.zeros(len(marks), bool), 0.0
    for fold in range(FOLDS):
        held = folds == fold
        here, learnt = pairs.counts(marks, cells, held), pairs.counts(marks, cells, ~held)
        likelier = learnt.likelier()
        hits += np.bincount(pairs.places, likelier * here.own, classes)
        false_alarms += np.bincount(pairs.places, likelier * (here.cell - here.own), classes)
        given_away |= held[marks[:, 0]] & likelier[pairs.of_mark]
        right += here.own[pairs.commonest(learnt)].sum()
    own = np.bincount(marks[:, 1], minlength=classes)
    judged = zip(hits, own, false_alarms, len(cells) - own, strict=True)
    told = np.array([_mean_share(*each) for each in judged]).reshape(classes, 2)
    share, chance = (count / max(1, len(cells)) for count in (right, own.max(initial=0)))
    low, high = wilson(share, len(cells))
    return ToldAlone(told[:, 0], told[:, 1], given_away, share, low, high, chance)


def folds_of(units: NDArray[np.generic]) -> Rows:
    """(n,) the fold of each picture, in [0, 5); those of equal `units` (n,) stand in one."""
    names, of = np.unique(units, return_inverse=True)
    return generator(0, "folds of a property").permutation(len(names))[of] % FOLDS


def binned(values: NDArray[np.float64]) -> Rows:
    """(n,) cells, numbers from 0, of pictures by `values` (n, d), d numbers each.

    Each number is cut at its quantiles, and every frequent value has a bin to itself; about 20
    pictures share a cell.
    """
    n, d = values.shape
    bins = int(np.clip((n / FEWEST_IN_BIN) ** (1 / d), 2, MOST_BINS))
    places = np.column_stack([_bins(column, bins) for column in values.T])
    cells: Rows = np.unique(places, axis=0, return_inverse=True)[1].reshape(-1)
    return cells


def _bins(values: NDArray[np.float64], bins: int) -> Rows:
    distinct, counts = np.unique(values, return_counts=True)
    frequent = distinct[counts >= max(FREQUENT, len(values) / FREQUENT_OF)]
    quantiles = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    edges = np.unique(np.concatenate([quantiles, frequent, np.nextafter(frequent, np.inf)]))
    return np.searchsorted(edges, values, side="right")


@dataclass(frozen=True, eq=False)
class _Counts:
    """For each pair of a cell and a class: pictures of that class in it (`own`), and of any
    (`cell`); and of all cells, of that class (`of_class`) and of any (`total`)."""

    own: NDArray[np.float64]
    cell: NDArray[np.float64]
    of_class: NDArray[np.float64]
    total: int

    def likelier(self) -> NDArray[np.bool_]:
        """Which pairs' cells hold more of the class than of all others, each as a share of all."""
        others, of_others = self.cell - self.own, self.total - self.of_class
        return self.own * np.maximum(of_others, 1) > others * np.maximum(self.of_class, 1)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """The pairs of a cell and a class that occur: `cells` and `places` (p,), sorted by cell.

    `of_mark`: (m,) the pair of each mark. `classes`: how many there are.
    """

    cells: Rows
    places: Rows
    of_mark: Rows
    classes: int

    @classmethod
    def of(cls, cells: Rows, marks: Rows, classes: int) -> _Pairs:
        codes, of_mark = np.unique(cells[marks[:, 0]] * classes + marks[:, 1], return_inverse=True)
        return cls(codes // classes, codes % classes, of_mark, classes)

    def counts(self, marks: Rows, cells: Rows, rows: NDArray[np.bool_]) -> _Counts:
        """Counts of the pictures at `rows`, an (n,) mask."""
        marked = rows[marks[:, 0]]
        in_cells = np.bincount(cells[rows], minlength=int(cells.max(initial=0)) + 1)
        of_classes = np.bincount(marks[marked, 1], minlength=self.classes)
        return _Counts(
            np.bincount(self.of_mark[marked], minlength=len(self.cells)).astype(float),
            in_cells[self.cells].astype(float),
            of_classes[self.places].astype(float),
            int(rows.sum()),
        )

    def commonest(self, learnt: _Counts) -> Rows:
        """The most frequent pair of each cell of which anything was learnt."""
        order = np.lexsort((learnt.own, self.cells))
        last = order[np.flatnonzero(np.diff(self.cells[order], append=-1))]
        return last[learnt.own[last] > 0]


def _mean_share(hits: float, own: int, false_alarms: float, others: int) -> tuple[float, float]:
    """The mean of two shares, and the mean of the lower ends of their intervals."""
    if not own or not others:
        return 0.0, 0.0
    shares = ((hits / own, own), (1 - false_alarms / others, others))
    return (
        sum(share for share, _ in shares) / 2,
        sum(wilson(share, trials)[0] for share, trials in shares) / 2,
    )
