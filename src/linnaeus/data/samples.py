"""What splitting knows of samples: their labels, what ties them together, and what to call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS
from linnaeus.data.iterative import dealt
from linnaeus.data.layout import listed
from linnaeus.data.leaks import Ties
from linnaeus.data.stratify import stratified
from linnaeus.data.units import Units, marks_of, units_of

__all__ = ["Samples"]


@dataclass(frozen=True, eq=False)
class Samples:
    """n samples that are to be parted.

    `labels`: (n,) int64 positions in `classes`. `label_sets`: (n, classes) bool, which labels each
    sample has where it may have several; `labels` then only count the samples. `names`: (n,) what
    to call the samples in sentences. `ties`: what keeps them together. `where`: names the data set
    in errors.
    """

    labels: NDArray[np.int64]
    classes: Sequence[str]
    names: Sequence[str]
    ties: Ties
    label_sets: NDArray[np.bool_] | None = None
    where: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def marks(self) -> NDArray[np.int64]:
        """(m, 2) int64: a sample and a class of it, for every label of every sample."""
        return marks_of(self.labels, self.label_sets)

    @cached_property
    def units(self) -> Units:
        """Which samples stay together: copies, groups and, as far as they go, near duplicates."""
        ties = self.ties
        return units_of(len(self), ties.duplicates, ties.groups, ties.near, self.marks)

    def counts(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(classes,) how many of the samples at `rows` (n,) are of each class."""
        of_rows = self.marks[rows[self.marks[:, 0]], 1]
        return np.bincount(of_rows, minlength=len(self.classes))

    def classes_of(self, which: NDArray[np.bool_]) -> str:
        """The names of the classes where `which` (classes,) is true, for a sentence."""
        return listed(f"'{self.classes[place]}'" for place in np.flatnonzero(which).tolist())

    def dealt(
        self, rows: NDArray[np.bool_], shares: tuple[float, float, float], seed: int
    ) -> NDArray[np.str_]:
        """The names of the splits that the samples at `rows` (n,) are dealt to, class by class.

        `shares`: of train, validation and test, in sum 1.
        """
        if self.label_sets is None:
            units = self.units.in_order(seed)[rows]
            sides = stratified(self.labels[rows], units, shares)
        else:
            sides = self.dealt_evenly(rows, shares, seed)
        return np.array(SPLITS)[sides].astype("<U10")

    def dealt_evenly(
        self, rows: NDArray[np.bool_], shares: Sequence[float], seed: int
    ) -> NDArray[np.int64]:
        """The places in `shares` that the samples at `rows` (n,) are dealt to, class by class."""
        place = np.cumsum(rows) - 1  # of each sample among those at `rows`
        marks = self.marks[rows[self.marks[:, 0]]]
        within = np.column_stack([place[marks[:, 0]], marks[:, 1]])
        return dealt(within, self.units.in_order(seed)[rows], shares)
