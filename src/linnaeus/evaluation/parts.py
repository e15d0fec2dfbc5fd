"""Part: the pictures that have one value of a trait, or lie in one range of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import natural_key
from linnaeus.data.times import times_of
from linnaeus.errors import DataError
from linnaeus.evaluation.in_100 import number
from linnaeus.evaluation.traits import MEASURED, Trait

__all__ = ["FEWEST", "Part", "Parts", "number_words", "parts_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Coded = tuple[list[str], NDArray[np.int64]]
"""What the values are called, and (n,) the place among these of each picture's own."""

FEWEST = 10
"""Pictures, below which a part is not looked at. Among 30 parts of a classifier that is right nine
times in ten, one of ten pictures stands out from chance when half of them are wrong, not before."""

MOST_NUMBERS = 10  # so many different numbers are values, more are cut into ranges
RANGES = 5  # fifths: narrow enough for "dark", wide enough to hold pictures of each class
MOST_VALUES = 100  # of a column nobody asked for: each more makes a weak one harder to tell
MOST_DIGITS = 1e15  # beyond, float64 does not tell whole numbers apart
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
    """The parts that a trait makes; `told`: what was left out of it, a sentence without its dot.

    `ranges`: whether they are those of numbers or times.
    """

    parts: tuple[Part, ...] = ()
    told: str = ""
    ranges: bool = False


def parts_of(trait: Trait, *, asked: bool = False) -> Parts:
    """The parts of the pictures by `trait`: ten pictures or more each, and in all others together.

    Texts and up to ten different numbers make a part a value, the hundred most frequent unless the
    column was `asked` for; more numbers, and dates, are cut into fifths. No picture is in two.
    Whole numbers that are all different are taken for ids unless `asked` for.
    """
    if trait.values.dtype != np.float64:
        texts = np.asarray(trait.values, np.str_)
        times = _as_times(texts)
        if times is None or _different(times) <= MOST_NUMBERS:
            return _by_value(trait, texts, asked)
        return replace(_large_enough(trait, _ranges(times, TIMES)), ranges=True)
    numbers = np.asarray(trait.values, np.float64)
    if _different(numbers) <= MOST_NUMBERS:
        known, places = np.unique(numbers, return_inverse=True)  # one NaN, which stands last
        spelt = number_words(known[np.isfinite(known)])
        return _by_value(trait, np.array([*spelt, ""])[places], asked)
    if not (asked or trait.measured) and _are_ids(numbers):
        return Parts(told=f"“{trait.name}” holds whole numbers that are all different, as ids are")
    words, places = _ranges(numbers, NUMBERS)
    called = _with_words(words, *MEASURED.get(trait.name, ("", "")))
    return replace(_large_enough(trait, (called, places)), ranges=True)


def number_words(numbers: Floats) -> list[str]:
    """The different `numbers` as short as tells them apart, whole ones with all their digits."""
    return _told_apart(numbers.tolist(), VALUES)


def _by_value(trait: Trait, texts: NDArray[np.str_], asked: bool) -> Parts:
    values, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
    if len(values) == 1:
        same = f"“{trait.name}” is the same for all pictures"
        return Parts(told="" if trait.measured else same)
    if len(values) > FEWEST > counts.max():
        return Parts(
            told=f"“{trait.name}” has {len(values):,} values for {number(len(texts), 'picture')},"
            f" each of fewer than {FEWEST}"
        )
    order = sorted(range(len(values)), key=lambda at: natural_key(str(values[at])))
    empty = EMPTY if EMPTY not in values else f"({EMPTY})"
    words = [str(values[at]) or empty for at in order]
    most = len(words) if asked else MOST_VALUES
    return _large_enough(trait, (words, np.argsort(order)[codes]), most)


def _large_enough(trait: Trait, coded: Coded, most: int = MOST_VALUES) -> Parts:
    """The parts of ten pictures or more that leave as many, the `most` frequent of them.

    How many others there are is told.
    """
    words, places = coded
    counts = np.bincount(places, minlength=len(words))
    fits = (counts >= FEWEST) & (counts <= len(places) - FEWEST)
    frequent = np.argsort(-np.where(fits, counts, 0), kind="stable")[:most]
    kept = sorted(at for at in frequent.tolist() if fits[at])
    parts = tuple(Part(trait.name, words[at], places == at) for at in kept)
    rare = sorted(set(np.flatnonzero(fits).tolist()) - set(kept))
    told = [_told_small(words, counts, ~fits), _told_rare(counts[rare])]
    left_out = "; ".join(one for one in told if one)
    return Parts(parts, f"of “{trait.name}”, {left_out}" if left_out else "")


def _told_small(words: Sequence[str], counts: NDArray[np.int64], small: Mask) -> str:
    if not (several := int(small.sum())):
        return ""
    held = number(int(counts[small].sum()), "picture")
    rare = bool((counts[small] < FEWEST).all())  # else one is so frequent that all others are few
    few = f"fewer than {FEWEST}"
    if several == 1:
        what = f"value “{words[int(small.argmax())]}”"
        why = f"{few} pictures have {'it' if rare else 'another'}"
    else:
        what = f"{several:,} values"
        of_each = f"of each, {few} pictures have it, or {few} another"
        why = f"{few} pictures have each" if rare else of_each
    return f"the {what} ({held}): {why}"


def _told_rare(counts: NDArray[np.int64]) -> str:
    if not len(counts):
        return ""
    held = number(int(counts.sum()), "picture")
    others = f"{MOST_VALUES} others are more frequent, and --slice-by would look at all"
    return f"{number(len(counts), 'value')} ({held}): {others}"


def _ranges(numbers: Floats, ways: Sequence[Callable[[float], str]]) -> Coded:
    """Fifths of the pictures by rising `numbers`; those without one are a part of their own.

    Their edges are spelt in the first of the `ways` that tells them apart.
    """
    known = numbers[np.isfinite(numbers)]
    shares = np.arange(1, RANGES) / RANGES
    edges = np.unique(np.quantile(known, shares, method="lower"))
    edges = edges[edges < known.max()]
    if not len(edges):  # four fifths and more have the highest number: all others are a part
        edges = np.array([known[known < known.max()].max()])
    ends = _told_apart(edges.tolist(), ways)
    words = [
        f"up to {ends[0]}",
        *(f"above {low} up to {high}" for low, high in pairwise(ends)),
        f"above {ends[-1]}",
    ]
    places = np.where(np.isfinite(numbers), np.searchsorted(edges, numbers), len(words))
    return [*words, EMPTY] if (places == len(words)).any() else words, places


def _told_apart(edges: Sequence[float], ways: Sequence[Callable[[float], str]]) -> list[str]:
    spelt = [[way(edge) for edge in edges] for way in ways]
    return next((ends for ends in spelt if len(set(ends)) == len(ends)), spelt[-1])


def _with_words(words: list[str], lowest: str, highest: str) -> list[str]:
    """The words of ranges; the lowest and the highest of a measure called what people call them."""
    if not lowest:
        return words
    last = max(at for at, value in enumerate(words) if value != EMPTY)
    called = {0: f" ({lowest})", last: f" ({highest})"}
    return [value + called.get(at, "") for at, value in enumerate(words)]


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


def _whole(value: float) -> str:
    """A number in six digits, or in all where it is whole and has not very many."""
    return f"{value:.0f}" if value == round(value) and abs(value) < MOST_DIGITS else f"{value:g}"


def _plain(value: float) -> str:
    """A number as short as tells ranges apart."""
    return f"{value:.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


TIMES = (_date, _minute, _microsecond)
NUMBERS = (_plain, "{:.6g}".format, _exact)
VALUES = (_whole, _exact)
