"""What would leak from a split that others made: pictures tied to those they must stay apart from.

The judged side is kept whole. What is tied to it on a side that is learnt from, or chosen with, is
left out there, each with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.units import units_of

__all__ = ["Ties"]


@dataclass(frozen=True, eq=False)
class Ties:
    """What ties n samples to each other.

    `duplicates`: (n,) equal for copies of one picture. `groups`: (n,) names, "" for none, or None.
    `near`: (m, 2) int64 pairs of near duplicates.
    """

    duplicates: NDArray[np.generic]
    groups: NDArray[np.str_] | None
    near: NDArray[np.int64]

    def leaks(self, given: NDArray[np.str_], names: Sequence[str]) -> dict[int, str]:
        """{row: why}: validation samples tied to test, and train samples tied to either.

        `given`: (n,) text, the side of each sample; `names`: (n,) what to call them. Copies and
        groups tie over any number of steps; likeness ties only the two that look alike (and their
        copies), for it weakens with every step.
        """
        reasons: dict[int, str] = {}
        for judged, leaking in (("test", ("validation", "train")), ("validation", ("train",))):
            held = np.isin(np.arange(len(given)), list(reasons), invert=True) & (given == judged)
            partners = _Partners(self, np.flatnonzero(held), names)
            tied = np.isin(self._units, self._units[held])
            tied |= [copy in partners.alike for copy in self.duplicates.tolist()]
            for row in np.flatnonzero(np.isin(given, leaking) & tied).tolist():
                reasons.setdefault(row, partners.why(row, judged))
        return dict(sorted(reasons.items()))

    @cached_property
    def _units(self) -> NDArray[np.int64]:
        return units_of(len(self.duplicates), self.duplicates, self.groups).of


class _Partners:
    """How samples are tied to those of a side that must stay apart."""

    def __init__(self, ties: Ties, rows: NDArray[np.int64], names: Sequence[str]) -> None:
        copies = ties.duplicates.tolist()
        self._ties = ties
        self._copies = {copies[row]: names[row] for row in rows[::-1].tolist()}
        self._groups = set() if ties.groups is None else {str(name) for name in ties.groups[rows]}
        both_ways = np.concatenate([ties.near, ties.near[:, ::-1]]).tolist()
        self.alike = {
            copies[one]: self._copies[copies[other]]
            for one, other in reversed(both_ways)
            if copies[other] in self._copies
        }
        """{copy: the name of a held sample that looks like it}."""

    def why(self, row: int, judged: str) -> str:
        """Why the sample at `row` may not be used beside those of `judged`."""
        copy = self._ties.duplicates[row].item()
        if copy in self._copies:
            return f"the same pixels stand in {judged} as {self._copies[copy]}"
        if copy in self.alike:
            return f"a near duplicate of it stands in {judged} as {self.alike[copy]}"
        groups = self._ties.groups
        if groups is not None and groups[row] and str(groups[row]) in self._groups:
            return f"its group '{groups[row]}' also stands in {judged}"
        return f"copies and groups tie it to {judged}"
