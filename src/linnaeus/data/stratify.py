"""Dealing out whole units so that every split gets its share of every class.

Without copies and groups the result is exact: each class is parted by largest remainders, and a
class of three or more stands in every split. Units of several samples go first, the largest ahead,
each to the split that has the largest part of its quota still to fill; single samples then fill
what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["apportioned", "stratified"]

TRAIN, VALIDATION, TEST = 0, 1, 2
DEALING_ORDER = (TEST, VALIDATION, TRAIN)
REPAIR_ORDER = (TRAIN, TEST, VALIDATION)


def stratified(
    labels: NDArray[np.int64], units: NDArray[np.int64], shares: tuple[float, float, float]
) -> NDArray[np.int64]:
    """(n,) int64: 0 (train), 1 (validation) or 2 (test) for each sample.

    `labels`: (n,) positions of classes, from 0. `units`: (n,) the unit of each sample; their
    numbers are the random order in which they are dealt. `shares`: of train, validation and test,
    in sum 1; a share of 0 gets nothing.
    """
    deal = _Deal.of(labels, units, shares)
    several = deal.sizes > 1
    for unit in sorted(np.flatnonzero(several).tolist(), key=lambda u: (-deal.sizes[u], u)):
        deal.give(unit, deal.hungriest(unit))
    for label in range(len(deal.quotas)):
        deal.give_singles(label, np.flatnonzero(~several & (deal.first_label == label)))
    deal.repair()
    return deal.side[deal.unit_of]


def apportioned(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """`total` parted into whole numbers in proportion to `weights`, by largest remainders.

    >>> apportioned(10, np.array([0.7, 0.1, 0.2])).tolist()
    [7, 1, 2]
    """
    exact = total * weights / weights.sum()
    parts: NDArray[np.int64] = np.floor(exact + 1e-9).astype(np.int64)
    by_remainder = np.argsort(parts - exact, kind="stable")
    parts[by_remainder[: total - int(parts.sum())]] += 1
    return parts


@dataclass
class _Deal:
    """The state of dealing.

    `unit_of` (n,) and `sizes` (u,): units renumbered without gaps, in the given order.
    `content` (u,): {class: how many samples} of each unit. `first_label` (u,): the class of a
    unit of one.
    `quotas` and `left` (classes, 3): what each split should get, and still lacks.
    `side` (u,): the split of each unit, -1 before it is dealt.
    """

    unit_of: NDArray[np.int64]
    sizes: NDArray[np.int64]
    content: list[dict[int, int]]
    first_label: NDArray[np.int64]
    quotas: NDArray[np.int64]
    left: NDArray[np.int64]
    side: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        labels: NDArray[np.int64],
        units: NDArray[np.int64],
        shares: tuple[float, float, float],
    ) -> _Deal:
        _, first, unit_of, sizes = np.unique(
            units, return_index=True, return_inverse=True, return_counts=True
        )
        content: list[dict[int, int]] = [{} for _ in sizes]
        for unit, label in zip(unit_of.tolist(), labels.tolist(), strict=True):
            content[unit][label] = content[unit].get(label, 0) + 1
        quotas = np.array([_quota(int(count), shares) for count in np.bincount(labels)])
        side = np.full(len(sizes), -1, np.int64)
        return cls(unit_of, sizes, content, labels[first], quotas, quotas.copy(), side)

    def give(self, unit: int, split: int) -> None:
        if self.side[unit] >= 0:
            for label, count in self.content[unit].items():
                self.left[label, self.side[unit]] += count
        for label, count in self.content[unit].items():
            self.left[label, split] -= count
        self.side[unit] = split

    def hungriest(self, unit: int) -> int:
        """The split that, given the unit, has the largest part of its quota still to fill."""
        labels = np.array(sorted(self.content[unit]))
        counts = np.array([self.content[unit][label] for label in labels.tolist()])
        quotas = self.quotas[labels]
        after = (self.left[labels] - counts[:, None]) / np.maximum(quotas, 1)
        after[quotas == 0] -= len(self.unit_of)
        hunger = counts @ after
        return max(DEALING_ORDER, key=lambda split: float(hunger[split]))

    def give_singles(self, label: int, singles: NDArray[np.int64]) -> None:
        """Deal the units of one sample of a class, in their order, to fill what is left."""
        if not len(singles):
            return
        parts = apportioned(len(singles), np.maximum(self.left[label], 0).astype(np.float64))
        start = 0
        for split in DEALING_ORDER:
            dealt = singles[start : start + parts[split]]
            self.side[dealt] = split
            self.left[label, split] -= len(dealt)
            start += len(dealt)

    def repair(self) -> None:
        """Bring each class into each split that has a quota for it, where a unit can be spared."""
        for split in REPAIR_ORDER:
            missing = (self.quotas[:, split] > 0) & (self.left[:, split] == self.quotas[:, split])
            for label in np.flatnonzero(missing):
                self._bring(int(label), split)

    def _bring(self, label: int, split: int) -> None:
        having = [unit for unit, content in enumerate(self.content) if label in content]
        for unit in sorted(having, key=lambda unit: (self.sizes[unit], unit)):
            if self._can_spare(unit, split):
                self.give(unit, split)
                return

    def _can_spare(self, unit: int, wanted: int) -> bool:
        """Whether every class of the unit stays where it is now, or leaves validation for more."""
        side = int(self.side[unit])
        if side == VALIDATION and wanted != VALIDATION:
            return True
        present = self.quotas[:, side] - self.left[:, side]
        return all(present[label] > count for label, count in self.content[unit].items())


def _quota(count: int, shares: tuple[float, float, float]) -> NDArray[np.int64]:
    """How many of `count` samples of one class each split should get.

    From three samples on, every split with a share gets one at least; of two, one is learnt from
    and one is for the test (or validation, where there is no test); one is learnt from.
    """
    if count >= 3:
        parts = apportioned(count, np.array(shares))
        for split in DEALING_ORDER:
            if shares[split] > 0 and parts[split] == 0:
                parts[np.argmax(parts)] -= 1
                parts[split] += 1
        return parts
    parts = np.zeros(3, np.int64)
    parts[TRAIN] = count
    judged = next((split for split in (TEST, VALIDATION) if shares[split] > 0), None)
    if count == 2 and judged is not None:
        parts[[TRAIN, judged]] = 1
    return parts
