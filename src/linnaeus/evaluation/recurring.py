"""Recurring: single numbers and times that come often, beside the ranges they are cut into.

Whole numbers may be codes (of a clinic, of a camera) as well as measurements, and nothing but how
often each comes back tells them apart. So both are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Column
from linnaeus.evaluation.in_100 import number
from linnaeus.evaluation.parts import FEWEST, Part, Parts, number_words
from linnaeus.evaluation.traits import Trait

__all__ = ["with_recurring"]

OFTEN = 0.02
"""Of the pictures, from which a number is a value of its own: codes are seldom more than fifty,
ages mostly are. Each value that is looked at makes weak ones harder to tell from chance."""


def with_recurring(trait: Trait, parts: Parts, *, asked: bool = False) -> Parts:
    """The `parts` of `trait`; beside ranges, its single values that 2 % of the pictures have.

    Of a column that was `asked` for, those that ten have. A range of one value is told by the
    value. What is measured of pixels recurs by chance, and is left to its ranges.
    """
    if not parts.ranges or trait.measured:
        return parts
    values = _Values.of(trait)
    fewest = FEWEST if asked else max(FEWEST, ceil(OFTEN * len(trait.values)))
    often = values.counts >= fewest
    single = values.parts(trait.name, np.flatnonzero(often))
    ranges = [part for part in parts.parts if not _is_one_of(part, single)]
    left_out = _told(values.counts[~often], fewest) if (values.counts >= FEWEST).any() else ""
    told = [parts.told, f"of “{trait.name}”, {left_out}" if left_out else ""]
    return Parts((*ranges, *single), "; ".join(one for one in told if one), ranges=True)


@dataclass(frozen=True, eq=False)
class _Values:
    """The different values of a column that are `given`, and how often each comes.

    `places` (n,): which of them each picture has, -1 where it has none.
    """

    given: Column
    counts: NDArray[np.int64]
    places: NDArray[np.int64]

    @staticmethod
    def of(trait: Trait) -> _Values:
        own = trait.values
        told = np.isfinite(own) if own.dtype == np.float64 else own != ""
        given, codes, counts = np.unique(own[told], return_inverse=True, return_counts=True)
        places = np.full(len(own), -1)
        places[told] = codes
        return _Values(given, counts, places)

    def parts(self, name: str, chosen: NDArray[np.int64]) -> list[Part]:
        """Those of the values at `chosen`."""
        if not len(chosen):
            return []
        numbers = self.given.dtype == np.float64
        words = number_words(np.asarray(self.given, np.float64)) if numbers else self.given.tolist()
        return [Part(name, words[at], self.places == at) for at in chosen.tolist()]


def _is_one_of(part: Part, others: Sequence[Part]) -> bool:
    return any(np.array_equal(part.members, other.members) for other in others)


def _told(rare: NDArray[np.int64], fewest: int) -> str:
    """What of single values was not looked at by itself: `rare` (n,) is how often each comes."""
    if not len(rare):
        return ""
    held = number(int(rare.sum()), "picture")
    few = f"fewer than {fewest} pictures {'have it' if len(rare) == 1 else 'have each'}"
    where = f"{few}, so that only ranges tell of {'it' if len(rare) == 1 else 'them'}"
    more = "; --slice-by would look at those of 10 or more" if rare.max() >= FEWEST else ""
    return f"{number(len(rare), 'single value')} ({held}): {where}{more}"
