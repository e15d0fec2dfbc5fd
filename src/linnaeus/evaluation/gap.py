"""Gap: how far apart two shares are, with an interval, and whether chance alone would do it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, share_trials, wilson_figure
from linnaeus.evaluation.significance import fewer_by_chance, student_tail

__all__ = ["Gap", "difference", "gap_of", "share_of"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Gap:
    """The share of right ones inside a part, in the rest, and the first less the second.

    `p`: how often chance alone would leave so few right ones inside the part, one-sided.
    """

    inside: Figure
    rest: Figure
    difference: Figure
    p: float


def gap_of(right: Mask, part: Mask, groups: NDArray[Any] | None = None) -> Gap:
    """How `right` (n,) does where `part` (n,) is true beside where it is not; both have pictures.

    `groups`: (n,) what belongs together. Without, the test is Fisher's exact one. With, it is the
    score test of equal shares whose variance is that between groups, on Student's t with as many
    degrees of freedom as both sides give it (Welch 1947).
    """
    inside, rest = (share_of(right, side, groups)[0] for side in (part, ~part))
    if groups is None:
        p = fewer_by_chance(int(right[part].sum()), int(part.sum()), int(right.sum()), len(right))
    else:
        p = _score_test(right, part, groups)
    return Gap(inside, rest, difference(inside, rest), p)


def difference(one: Figure, other: Figure) -> Figure:
    """`one` less `other`, two figures of different pictures (Newcombe 1998, method 10).

    The interval is put together from theirs, so it holds near 0 and 1 too, and where they are
    wider for groups it is. Groups that lie on both sides make it rather too wide. Where nothing is
    known of one of the two, it holds all that the other leaves possible.
    """
    value = one.value - other.value
    if any((figure.low, figure.high) == (0.0, 1.0) for figure in (one, other)):
        return Figure.around(value, one.low - other.high, one.high - other.low)
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Figure.around(value, value - below, value + above)


def share_of(right: Mask, side: Mask, groups: NDArray[Any] | None = None) -> tuple[Figure, float]:
    """The share of right ones on one side, and the sample size at which Wilson's interval is its.

    `groups`: (n,) what belongs together, which makes that less than the number of pictures.
    """
    chosen = right[side]
    resampling = Resampling.of(len(chosen), None if groups is None else groups[side])
    trials = share_trials(chosen, resampling)
    return wilson_figure(float(chosen.mean()), trials), trials


def _score_test(right: Mask, part: Mask, groups: NDArray[Any]) -> float:
    """One-sided p-value of equal shares, a group being one draw (generalised score, Boos 1992)."""
    resampling = Resampling.of(len(right), groups)
    weights = np.where(part, 1 / part.sum(), -1 / (~part).sum())
    moves = weights * (right - right.mean())
    variance, sides = resampling.variance(moves), (part, ~part)
    among = [resampling.among(side) for side in sides]
    if variance <= 0 or min(by.groups for by in among) < 2:
        return 1.0
    of_each = [resampling.variance(np.where(side, moves, 0.0)) for side in sides]
    known = sum(own**2 / by.degrees for by, own in zip(among, of_each, strict=True))
    degrees = sum(of_each) ** 2 / known
    return student_tail(-float(weights @ right) / sqrt(variance), degrees)
