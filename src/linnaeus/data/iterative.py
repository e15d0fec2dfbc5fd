"""Dealing whole units to any number of sides, where a sample may have several labels.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): the label with the fewest samples
still to deal comes first, and each of its samples goes to the side that lacks most of that label.
Units of several samples are dealt before, the largest ahead, each to the side where it leaves the
least squared error of all counts, in relation to what was wanted there; then each of them again,
now that the others are dealt, until none moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["dealt"]

ROUNDS = 10
"""In how many rounds units of several samples are dealt at most; three mostly do."""


def dealt(
    marks: NDArray[np.int64], units: NDArray[np.int64], shares: Sequence[float]
) -> NDArray[np.int64]:
    """(n,) int64: the side of each sample, a place in `shares`.

    `marks`: (m, 2) a sample and a class of it, for every label of every sample. `units`: (n,) the
    unit of each sample; their numbers are the random order in which they are dealt. `shares`: of
    each side, in sum 1; a share of 0 gets nothing.

    No side with a share stays empty, and none lacks a class, where units enough can be spared.
    Grows with the number of labels, and with the number of units times that of sides.
    """
    deal = _Deal(marks, units, np.asarray(shares, np.float64))
    deal.give_several()
    deal.give_singles()
    deal.repair()
    return deal.side[deal.unit_of]


@dataclass(frozen=True)
class _Content:
    """The classes of one unit, and how many of its samples are of each."""

    classes: NDArray[np.int64]
    counts: NDArray[np.int64]


class _Deal:
    """The state of dealing.

    `unit_of` (n,), `sizes` and `side` (units,): units renumbered without gaps, in the given order;
    -1 before they are dealt. `content` (units,), and `holders` {class: units that hold it}.
    `wanted` and `held` (classes + 1, sides): how many samples of each class each side should get,
    and has. The last class is one that every sample is of: it keeps the sides' sizes, and comes
    last in the order, for samples without any label.
    """

    def __init__(
        self, marks: NDArray[np.int64], units: NDArray[np.int64], shares: NDArray[np.float64]
    ) -> None:
        _, inverse, sizes = np.unique(units, return_inverse=True, return_counts=True)
        self.unit_of = inverse.astype(np.int64, copy=False)
        self.sizes = sizes
        self.everything = int(marks[:, 1].max(initial=-1)) + 1
        every = np.column_stack([np.arange(len(units)), np.full(len(units), self.everything)])
        marks = np.concatenate([marks, every])
        totals = np.bincount(marks[:, 1])
        self.shares = shares
        self.wanted = totals[:, None] * shares
        self.held = np.zeros(self.wanted.shape, np.int64)
        self.side = np.full(len(sizes), -1, np.int64)
        self.content = _contents(self.unit_of[marks[:, 0]], marks[:, 1], len(sizes))
        self.holders: dict[int, list[int]] = {}
        for unit, content in enumerate(self.content):
            for label in content.classes.tolist():
                self.holders.setdefault(label, []).append(unit)

    def give(self, unit: int, side: int) -> None:
        self._take(unit)
        content = self.content[unit]
        self.held[content.classes, side] += content.counts
        self.side[unit] = side

    def _take(self, unit: int) -> None:
        if self.side[unit] >= 0:
            content = self.content[unit]
            self.held[content.classes, self.side[unit]] -= content.counts
            self.side[unit] = -1

    def give_several(self) -> None:
        """Deal the units of several samples, and then each of them anew while that helps."""
        several = np.flatnonzero(self.sizes > 1)
        in_order = several[np.lexsort((several, -self.sizes[several]))].tolist()
        for _ in range(ROUNDS):
            before = self.side.copy()
            for unit in in_order:
                self._take(unit)
                self.give(unit, self._least_error(unit))
            if np.array_equal(before, self.side):
                return

    def _least_error(self, unit: int) -> int:
        """The side where the unit adds least to the sum of squared errors over what was wanted."""
        content = self.content[unit]
        wanted = self.wanted[content.classes]
        left = wanted - self.held[content.classes]
        counts = content.counts[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            error = (counts * (counts - 2 * left) / wanted).sum(axis=0)
        return int(np.argmin(np.where(self.shares > 0, error, np.inf)))

    def give_singles(self) -> None:
        """Deal the units of one sample, class by class, the rarest of what is left first."""
        undealt = {
            label: singles
            for label, units in self.holders.items()
            if (singles := int(np.count_nonzero(self.sizes[units] == 1)))
        }
        while undealt:
            label = min(undealt, key=lambda one: (one == self.everything, undealt[one], one))
            for unit in self.holders[label]:
                if self.side[unit] < 0:
                    self.give(unit, self._neediest(label))
                    for other in self.content[unit].classes.tolist():
                        undealt[other] -= 1
            undealt = {one: count for one, count in undealt.items() if count}

    def _neediest(self, label: int) -> int:
        """The side that lacks most of the class; of equals, the one that lacks most of all."""
        lacking, room = (self.wanted[one] - self.held[one] for one in (label, self.everything))
        lacking = np.where(self.shares > 0, lacking, -np.inf)
        most = lacking >= lacking.max() - 1e-9  # sums of shares are equal but for their last bits
        return int(np.argmax(np.where(most, room, -np.inf)))

    def repair(self) -> None:
        """Bring each class to each side that should have some, where a unit can be spared."""
        for side in np.argsort(-self.shares, kind="stable").tolist():
            missing = (self.wanted[:, side] > 0) & (self.held[:, side] == 0)
            for label in np.flatnonzero(missing).tolist():
                spare = (unit for unit in self._having(label) if self._can_spare(unit, side))
                if (unit := next(spare, None)) is not None:
                    self.give(unit, side)

    def _having(self, label: int) -> list[int]:
        """The units that hold samples of a class, the smallest first."""
        return sorted(self.holders[label], key=lambda unit: (self.sizes[unit], unit))

    def _can_spare(self, unit: int, wanted: int) -> bool:
        """Whether every class of the unit stays where it is now, or leaves a lesser side."""
        side = int(self.side[unit])
        if self.shares[side] < self.shares[wanted]:
            return True
        content = self.content[unit]
        return bool((self.held[content.classes, side] > content.counts).all())


def _contents(units: NDArray[np.int64], classes: NDArray[np.int64], length: int) -> list[_Content]:
    """The content of each of `length` units, from the unit and the class of every label."""
    base = int(classes.max(initial=0)) + 1
    cells, counts = np.unique(units * base + classes, return_counts=True)
    starts = np.searchsorted(cells, np.arange(length + 1) * base).tolist()
    labels = cells % base
    return [_Content(labels[start:end], counts[start:end]) for start, end in pairwise(starts)]
