"""What the checks of an audit look at: a data set, its scan and its split, row for row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Dataset
from linnaeus.data.findings import Finding
from linnaeus.data.near import NearDuplicates
from linnaeus.data.scan import Scan

__all__ = ["Check", "Seen"]


@dataclass(frozen=True, eq=False)
class Seen:
    """A data set, its scan, row for row, the side of the split of each sample, and what is near."""

    dataset: Dataset
    scan: Scan
    sides: NDArray[np.str_]
    near: NearDuplicates

    @cached_property
    def readable(self) -> NDArray[np.bool_]:
        return self.scan.readable

    @cached_property
    def copies(self) -> list[list[int]]:
        return self.scan.copies

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """(classes,) readable pictures of each class."""
        return self.dataset.class_counts(self.readable)

    def paths(self, rows: Iterable[int]) -> list[str]:
        return [self.dataset.paths[row] for row in rows]

    def singly(self, rows: Iterable[int]) -> list[list[str]]:
        return [[path] for path in self.paths(rows)]

    def sides_of(self, rows: list[int]) -> int:
        """On how many sides of the split the samples at `rows` stand."""
        return len(set(self.sides[rows].tolist()) & set(SPLITS))

    def labels_said(self, rows: list[int]) -> int:
        """How many different labels, or sets of labels, the samples at `rows` stand under."""
        return len({self.dataset.labels_of(row) for row in rows})


Check = Callable[[Seen], Iterable[Finding]]
"""From what was seen to findings."""
