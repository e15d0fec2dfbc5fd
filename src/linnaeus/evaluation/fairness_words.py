"""How far apart groups lie, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.evaluation.fairness import Disparity, Fairness, GroupFigure
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import in_100, number, times

__all__ = ["fairness_words"]


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
        f" {overall.gap.high * 100:.0f} points)."
    )


def _of_a_class(column: str, rate: Disparity) -> str:
    best, worst = rate.ends
    if rate.figure == "false positive rate":
        return (
            f"By “{column}”, of 100 pictures that are not “{rate.of_class}”"
            f" {in_100(best.figure.value)} are called so for {_named(best)}, and"
            f" {in_100(worst.figure.value)} for {_named(worst)}: a gap of {_points(rate.gap)}."
        )
    return (
        f"By “{column}”, {in_100(best.figure.value)} in 100 pictures of “{rate.of_class}” are"
        f" recognised for {_named(best)}, and {in_100(worst.figure.value)} for {_named(worst)}:"
        f" a gap of {_points(rate.gap)}."
    )


def _named(one: GroupFigure) -> str:
    return f"“{one.group}” ({number(one.images, 'picture')})"


def _points(gap: Figure) -> str:
    return f"{gap.value * 100:.0f} points (between {gap.low * 100:.0f} and {gap.high * 100:.0f})"
