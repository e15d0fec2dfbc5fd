"""How far apart groups lie, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from linnaeus.evaluation.fairness import Disparity, Fairness, GroupFigure
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, number, times

__all__ = ["fairness_words"]

ONE = ("1", "fewer than 1")  # in 100, of which one speaks as of one


def fairness_words(columns: Sequence[Fairness]) -> tuple[str, ...]:
    """For each column the gap in accuracy, and the widest of those of classes that are real."""
    sentences = []
    for one in columns:
        if one.overall is None:
            sentences.append(f"“{one.column}” makes no two groups of ten pictures or more.")
            continue
        sentences.append(_accuracy(one.column, one.overall))
        sentences += [_of_a_class(one.column, rate) for rate in one.of_classes if rate.real][:2]
    return tuple(sentences)


def _accuracy(column: str, overall: Disparity) -> str:
    best, worst = overall.ends
    told = (
        f"By “{column}”, it is right {times(best.figure.value)} in 100 for {_named(best)} and"
        f" {in_100(worst.figure.value)} for {_named(worst)}"
    )
    if overall.real:
        return f"{told}: a gap of {_points(overall.gap)}."
    return (
        f"{told}; chance alone may have made that gap (it is at most"
        f" {number(_rounded_up(overall.gap.high), 'point')})."
    )


def _of_a_class(column: str, rate: Disparity) -> str:
    best, worst = rate.ends
    if rate.figure == "false positive rate":
        return (
            f"By “{column}”, of 100 pictures that are not “{rate.of_class}”"
            f" {in_100(best.figure.value)} {_are(best)} called so for {_named(best)}, and"
            f" {in_100(worst.figure.value)} for {_named(worst)}: a gap of {_points(rate.gap)}."
        )
    return (
        f"By “{column}”, {in_100(best.figure.value)} in 100 pictures of “{rate.of_class}”"
        f" {_are(best)} recognised for {_named(best)}, and {in_100(worst.figure.value)} for"
        f" {_named(worst)}: a gap of {_points(rate.gap)}."
    )


def _named(one: GroupFigure) -> str:
    return f"“{one.group}” ({number(one.images, 'picture')})"


def _are(one: GroupFigure) -> str:
    return "is" if in_100(one.figure.value) in ONE else "are"


def _points(gap: Figure) -> str:
    points = in_100(gap.value)
    return f"{points} {'point' if points in ONE else 'points'} ({between(gap)})"


def _rounded_up(share: float) -> int:
    """In 100, above what is none; a bound that was rounded down would not be one."""
    return max(ceil(round(100 * share, 9)), 1)  # 100 × 0.07 is 7.000000000000001
