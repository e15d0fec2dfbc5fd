"""Which of two classifiers is better, in plain words."""

from __future__ import annotations

from linnaeus.evaluation.contest import Contest, Paired
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import in_100, number

__all__ = ["paired_words"]

NAMED = 2  # classes that differ; the others stand in the table
SHOWN = 0.0005  # of a log loss, the least that the digits told show

Side = tuple[str, Figure, int]
"""Of one of two: its name, how often it is right, and how many pictures it alone has right."""


def paired_words(paired: Paired | None) -> tuple[str, ...]:
    """Whether one of the two is better, by how much, and of which classes."""
    if paired is None:
        return ()
    differing = sorted((one for one in paired.of_classes if one.real), key=lambda one: one.p)
    return (
        _accuracy(paired),
        *_probabilities(paired),
        *(_of_a_class(paired.names, one) for one in differing[:NAMED]),
    )


def _accuracy(paired: Paired) -> str:
    one, (first, second) = paired.accuracy, paired.names
    on = f"times in 100 on the same {number(one.images, 'picture')}"
    if not one.real:
        return (
            f"Between “{first}” and “{second}” there is no difference that chance would not make:"
            f" right {in_100(one.first.value)} and {in_100(one.second.value)} {on}, the first"
            f" {_worse_to_better(one.difference)} ({one.only_first:,} the first alone has right,"
            f" {one.only_second:,} the second alone)."
        )
    sides = ((first, one.first, one.only_first), (second, one.second, one.only_second))
    if one.difference.value > 0:
        return _better(*sides, one.difference, on)
    return _better(*sides[::-1], _turned(one.difference), on)


def _better(better: Side, worse: Side, gap: Figure, on: str) -> str:
    (name, right, alone), (other, others, others_alone) = better, worse
    return (
        f"“{name}” is better than “{other}”: right {in_100(right.value)} against"
        f" {in_100(others.value)} {on}, {_points(gap.value)} more (between {gap.low * 100:.1f} and"
        f" {gap.high * 100:.1f}; {alone:,} it alone has right, {others_alone:,} the other alone)."
    )


def _probabilities(paired: Paired) -> list[str]:
    """A word on the log loss, where it tells more than the accuracy does."""
    loss, (first, second) = paired.log_loss, paired.names
    if paired.accuracy.real:
        return []
    if max(-loss.low, loss.high) < SHOWN:
        return [f"The probabilities of “{first}” and “{second}” are as good as the same."]
    if loss.low <= 0 <= loss.high or abs(loss.value) < SHOWN:
        return []
    better, less = (first, _turned(loss)) if loss.value < 0 else (second, loss)
    return [
        (
            f"The probabilities of “{better}” are better: its log loss is {less.value:.3f} lower"
            f" (between {less.low:.3f} and {less.high:.3f})."
        )
    ]


def _of_a_class(names: tuple[str, str], one: Contest) -> str:
    return (
        f"“{one.of_class}” is recognised {in_100(one.first.value)} times in 100 by “{names[0]}” and"
        f" {in_100(one.second.value)} by “{names[1]}”."
    )


def _worse_to_better(gap: Figure) -> str:
    """The interval of a difference that may be none."""
    low = f"{_points(-gap.low)} worse" if gap.low < 0 else f"{_points(gap.low)} better"
    high = f"{_points(gap.high)} better" if gap.high > 0 else f"{_points(-gap.high)} worse"
    return f"between {low} and {high}"


def _turned(figure: Figure) -> Figure:
    return Figure(-figure.value, -figure.high, -figure.low)


def _points(share: float) -> str:
    return f"{share * 100:.1f} points"
