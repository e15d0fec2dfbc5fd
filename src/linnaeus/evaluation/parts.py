"""Part: the pictures that have one value of a trait, or lie in one range of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import natural_key
from linnaeus.data.times import times_of
from linnaeus.errors import DataError
from linnaeus.evaluation.in_100 import number
from linnaeus.evaluation.traits import MEASURED, Trait

__all__ = ["FEWEST", "Part", "Parts", "parts_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Named = tuple[str, Mask]

FEWEST = 10
"""Pictures, below which a part is not looked at. Among 30 parts of a classifier that is right nine
times in ten, one of ten pictures stands out from chance when half of them are wrong, not before."""

MOST_NUMBERS = 10  # so many different numbers are values, more are cut into ranges
RANGES = 5  # fifths: narrow enough for "dark", wide enough to hold pictures of each class
MOST_UNIQUE = 0.5  # of the pictures in values that hardly recur: beyond, a column is one of names
EMPTY = "not given"


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures that are alike in `trait`: `value` says how; `members` (n,) bool which they are.

    `examples`: of a cluster, the places of a few that are most like all of it.
    """

    trait: str
    value: str
    members: Mask
    examples: tuple[int, ...] = ()


@dataclass(frozen=True)
class Parts:
    """The parts that a trait makes; `told`: what was left out of it, a sentence without its dot."""

    parts: tuple[Part, ...] = ()
    told: str = ""


def parts_of(trait: Trait, *, asked: bool = False) -> Parts:
    """The parts of the pictures by `trait`: ten pictures or more each, and in all others together.

    Texts and up to ten different numbers make a part a value; more numbers, and dates, are cut
    into fifths. A column of names or ids makes none; whole numbers that are all different are
    taken for ids unless the column was `asked` for.
    """
    if trait.values.dtype != np.float64:
        texts = np.asarray(trait.values, np.str_)
        times = _as_times(texts)
        if times is None or _different(times) <= MOST_NUMBERS:
            return _by_value(trait, texts)
        return _large_enough(trait, _ranges(times, TIMES))
    numbers = np.asarray(trait.values, np.float64)
    if _different(numbers) <= MOST_NUMBERS:
        known, places = np.unique(numbers, return_inverse=True)  # one NaN, which stands last
        spelt = _told_apart(known[np.isfinite(known)].tolist(), VALUES)
        return _by_value(trait, np.array([*spelt, ""])[places])
    if not (asked or trait.measured) and _are_ids(numbers):
        return Parts(told=f"“{trait.name}” holds whole numbers that are all different, as ids are")
    named = _ranges(numbers, NUMBERS)
    return _large_enough(trait, _with_words(named, *MEASURED.get(trait.name, ("", ""))))


def _by_value(trait: Trait, texts: NDArray[np.str_]) -> Parts:
    values, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    if len(values) == 1:
        same = f"“{trait.name}” is the same for all pictures"
        return Parts(told="" if trait.measured else same)
    if counts[counts < FEWEST].sum() > MOST_UNIQUE * len(texts):
        return Parts(
            told=f"“{trait.name}” has {len(values):,} values for {number(len(texts), 'picture')},"
            " most of which hardly recur"
        )
    order = sorted(range(len(values)), key=lambda at: natural_key(str(values[at])))
    empty = EMPTY if EMPTY not in values else f"({EMPTY})"
    named = [(str(values[at]) or empty, np.asarray(codes == at, bool)) for at in order]
    return _large_enough(trait, named)


def _large_enough(trait: Trait, named: Iterable[Named]) -> Parts:
    """The parts of ten pictures or more that leave as many; how many others there are is told."""
    kept: list[Part] = []
    small: list[Part] = []
    for value, members in named:
        fits = FEWEST <= int(members.sum()) <= len(members) - FEWEST
        (kept if fits else small).append(Part(trait.name, value, members))
    if not small:
        return Parts(tuple(kept))
    held = number(sum(int(part.members.sum()) for part in small), "picture")
    what = f"value “{small[0].value}”" if len(small) == 1 else f"{len(small):,} values"
    few = f"fewer than {FEWEST} pictures {'has it' if len(small) == 1 else 'have each'} or lack it"
    return Parts(tuple(kept), f"of “{trait.name}”, the {what} ({held}): {few}")


def _ranges(numbers: Floats, ways: Sequence[Callable[[float], str]]) -> list[Named]:
    """Fifths of the pictures by rising `numbers`; those without one are a part of their own.

    Their edges are spelt in the first of the `ways` that tells them apart.
    """
    known = numbers[np.isfinite(numbers)]
    shares = np.arange(1, RANGES) / RANGES
    edges = np.unique(np.quantile(known, shares, method="lower"))
    edges = edges[edges < known.max()]
    if not len(edges):  # four fifths and more have the highest number: all others are a part
        edges = np.array([known[known < known.max()].max()])
    places = np.where(np.isfinite(numbers), np.searchsorted(edges, numbers), -1)
    ends = _told_apart(edges.tolist(), ways)
    words = [
        f"up to {ends[0]}",
        *(f"above {low} up to {high}" for low, high in pairwise(ends)),
        f"above {ends[-1]}",
    ]
    named = [(word, places == at) for at, word in enumerate(words)]
    return [*named, (EMPTY, places == -1)] if (places == -1).any() else named


def _told_apart(edges: Sequence[float], ways: Sequence[Callable[[float], str]]) -> list[str]:
    spelt = [[way(edge) for edge in edges] for way in ways]
    return next((ends for ends in spelt if len(set(ends)) == len(ends)), spelt[-1])


def _with_words(named: list[Named], lowest: str, highest: str) -> list[Named]:
    """The lowest and the highest range of a measure, called what people call them."""
    if not lowest:
        return named
    last = max(at for at, (value, _) in enumerate(named) if value != EMPTY)
    called = {0: f" ({lowest})", last: f" ({highest})"}
    return [(value + called.get(at, ""), members) for at, (value, members) in enumerate(named)]


def _different(numbers: Floats) -> int:
    return len(np.unique(numbers[np.isfinite(numbers)]))


def _are_ids(numbers: Floats) -> bool:
    known = numbers[np.isfinite(numbers)]
    return len(np.unique(known)) == len(known) and bool((known == np.round(known)).all())


def _as_times(texts: NDArray[np.str_]) -> Floats | None:
    """(n,) seconds since 1970, NaN where empty; None where some text is no time."""
    given = texts != ""
    seconds = np.full(len(texts), np.nan)
    try:
        seconds[given] = times_of(texts[given], "", [""] * int(given.sum()), "")
    except DataError:
        return None
    return seconds if given.any() else None


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _minute(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _microsecond(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ")


def _exact(value: float) -> str:
    """A number as it is told from all others."""
    return repr(value).removesuffix(".0")


def _plain(value: float) -> str:
    """A number as short as tells ranges apart."""
    return f"{value:.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


TIMES = (_date, _minute, _microsecond)
NUMBERS = (_plain, "{:.6g}".format, _exact)
VALUES = ("{:g}".format, _exact)
