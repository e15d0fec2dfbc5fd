"""RiskCoverage: how wrong answers are where only the surest are given (selective classification).

It needs no more than confidences and labels, so a table of answers has it as a bundle does. Nothing
is promised by it: a threshold that is found on the pictures that judge it flatters.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, score_figure, share_among, share_trials
from linnaeus.wilson import Z

__all__ = ["MAX_ERRORS", "Answerable", "RiskCoverage", "RiskPoint", "risk_coverage"]

Floats = NDArray[np.float64]
Right = NDArray[np.bool_]

MAX_ERRORS = (0.01, 0.02, 0.05, 0.1)
CURVE_POINTS = 100


@dataclass(frozen=True)
class RiskPoint:
    """Of the surest `coverage` of the pictures, the share `risk` was answered wrongly."""

    coverage: float
    risk: Figure

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {"coverage": self.coverage, "risk": self.risk.to_json()}


@dataclass(frozen=True)
class Answerable:
    """How many of the judged pictures could be answered with at most `max_error` of that wrong.

    `confidence`: that of the least sure of them; None where not even the surest are right enough.
    """

    max_error: float
    confidence: float | None
    answered: Figure

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "answered": self.answered.to_json(),
        }


@dataclass(frozen=True)
class RiskCoverage:
    """The curve of risk and coverage, the `area` under it (0 is perfect), and what it allows."""

    area: Figure
    curve: tuple[RiskPoint, ...]
    answerable: tuple[Answerable, ...]

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it, among the promises."""
        return {
            "answerable": [one.to_json() for one in self.answerable],
            "risk_area": self.area.to_json(),
            "risk_curve": [point.to_json() for point in self.curve],
        }


@dataclass(frozen=True)
class _Surest:
    """Answers by falling confidence: for each number of them that no tie parts, what it brings.

    `order`: (n,) the places of the answers so, `ends`: (n,) for each the last that is as sure.
    `counts`: (m,) how many are given, `confidence`: (m,) that of the last, `risk`: (m,) the share
    of wrong ones.
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    counts: NDArray[np.int64]
    confidence: Floats
    risk: Floats


def risk_coverage(confidence: Floats, right: Right, resampling: Resampling) -> RiskCoverage:
    """Judge answers (n,) by how sure each is and whether it is right."""
    surest = _surest(confidence, right)
    return RiskCoverage(
        area=_area(surest, right, resampling),
        curve=_curve(surest, right, resampling),
        answerable=tuple(_answerable(one, surest, right, resampling) for one in MAX_ERRORS),
    )


def _surest(confidence: Floats, right: Right) -> _Surest:
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    ends = _ends_of_equals(falling)
    last = np.unique(ends)
    wrong = np.cumsum(~right[order])[last]
    return _Surest(order, ends, last + 1, falling[last], wrong / (last + 1))


def _area(surest: _Surest, right: Right, resampling: Resampling) -> Figure:
    """The mean, over all shares of answered pictures, of the error among the surest of them.

    Geifman and El-Yaniv (2017) call its curve risk-coverage. Equal confidences share their risk.
    """
    order, ends = surest.order, surest.ends
    wrong = (~right)[order].astype(np.float64)

    def area(weights: Floats) -> float:
        of_each = weights[order]
        so_far = np.cumsum(of_each)[ends]
        risk = np.cumsum(of_each * wrong)[ends] / np.maximum(so_far, 1e-12)
        return float((risk * of_each).sum() / of_each.sum())

    value = area(np.ones(len(order)))
    return score_figure(value, resampling.draws(area), len(order), resampling)


def _curve(surest: _Surest, right: Right, resampling: Resampling) -> tuple[RiskPoint, ...]:
    last = len(surest.counts) - 1
    chosen = np.unique(np.linspace(0, last, CURVE_POINTS).round().astype(int))
    place = np.empty(len(right), np.int64)
    place[surest.order] = np.arange(len(right))
    return tuple(
        RiskPoint(count / len(right), share_among(~right, place < count, resampling))
        for count in surest.counts[chosen].tolist()
    )


def _answerable(
    max_error: float, surest: _Surest, right: Right, resampling: Resampling
) -> Answerable:
    """The largest share of answers, the surest first, of which at most `max_error` are wrong.

    Its interval goes from the largest share whose error is surely no larger to the largest whose
    error is not surely larger, by the test that Wilson's interval turns round. Simulated
    (tests/evaluation/test_risk_coverage.py), it holds the truth in 92 to 100 of 100 tests; one from
    the bootstrap in 2 of 100 where no answer is sure enough. Groups count as for the error of all.
    """
    independent = share_trials(right, resampling) / len(right)
    trials = surest.counts * independent
    chance = Z * sqrt(max_error * (1 - max_error)) / np.sqrt(np.maximum(trials, 1e-12))
    value, low, high = (
        _last(surest.risk + shift * chance <= max_error) for shift in (0.0, 1.0, -1.0)
    )
    shares = [0.0 if at is None else surest.counts[at] / len(right) for at in (value, low, high)]
    sure = None if value is None else float(surest.confidence[value])
    return Answerable(max_error, sure, Figure.around(*shares))


def _last(allowed: NDArray[np.bool_]) -> int | None:
    """The place of the last that is allowed; None where none is."""
    places = np.flatnonzero(allowed)
    return int(places[-1]) if len(places) else None


def _ends_of_equals(falling: Floats) -> NDArray[np.int64]:
    """(n,) for each place in `falling`, the last place with the same value."""
    last = np.searchsorted(-falling, -falling, side="right") - 1
    return last.astype(np.int64)
