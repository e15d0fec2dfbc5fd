"""Whether promises are kept: label sets and silence, fitted on validation, judged on the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Method, Sets, tie_breakers
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import (
    Resampling,
    accuracy_figure,
    score_figure,
)

__all__ = ["Kept", "RiskPoint", "SetsKept", "SilenceKept", "kept_promises"]

Floats = NDArray[np.float64]

COVERAGES = (0.8, 0.9, 0.95)
METHODS: tuple[Method, ...] = ("lac", "class-conditional", "aps", "raps")
MAX_ERRORS = (0.01, 0.02, 0.05, 0.1)
CURVE_POINTS = 100


@dataclass(frozen=True)
class SetsKept:
    """How label sets of one method did at one `coverage`, on the test pictures.

    `covered`: the share of sets that hold the true class. `sizes`: {classes in a set: pictures}.
    `class_covered` and `class_sizes`: by class, None where no test picture is of it.
    """

    method: str
    coverage: float
    covered: Figure
    mean_size: float
    sizes: dict[int, int]
    class_covered: tuple[Figure | None, ...]
    class_sizes: tuple[float | None, ...]
    classes: tuple[str, ...]
    unjudged: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "method": self.method,
            "coverage": self.coverage,
            "covered": self.covered.to_json(),
            "mean_size": self.mean_size,
            "sizes": {str(size): count for size, count in self.sizes.items()},
            "classes": [self._of_class(place) for place in range(len(self.classes))],
            "unjudged": list(self.unjudged),
        }

    def _of_class(self, place: int) -> dict[str, Any]:
        covered = self.class_covered[place]
        return {
            "class": self.classes[place],
            "covered": covered.to_json() if covered else None,
            "mean_size": self.class_sizes[place],
        }


@dataclass(frozen=True)
class SilenceKept:
    """What a promise of at most `max_error` wrong answers costs, and whether it was kept.

    `confidence`: below it nothing is said; None where no threshold can promise it. `answered`: the
    share of test pictures that got an answer. `error`: the share of wrong ones among them.
    """

    max_error: float
    confidence: float | None
    answered: Figure
    error: Figure | None

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "answered": self.answered.to_json(),
            "error": self.error.to_json() if self.error else None,
        }


@dataclass(frozen=True)
class RiskPoint:
    """Of the surest `coverage` of the pictures, the share `risk` was answered wrongly."""

    coverage: float
    risk: float


@dataclass(frozen=True)
class Kept:
    """Promises, judged. `risk_area`: the area under the risk-coverage curve; 0 is perfect."""

    sets: tuple[SetsKept, ...]
    silence: tuple[SilenceKept, ...]
    risk_area: Figure
    risk_curve: tuple[RiskPoint, ...]
    held_out: int

    def at(self, coverage: float, method: str) -> SetsKept:
        """The sets of that coverage and method."""
        return next(s for s in self.sets if s.coverage == coverage and s.method == method)

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "held_out": self.held_out,
            "label_sets": [one.to_json() for one in self.sets],
            "silence": [one.to_json() for one in self.silence],
            "risk_area": self.risk_area.to_json(),
            "risk_curve": [
                {"coverage": point.coverage, "risk": point.risk} for point in self.risk_curve
            ],
        }


def kept_promises(
    test: Predictions,
    held_out: HeldOut,
    *,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Kept:
    """Judge on `test` what a bundle promises from `held_out`. Pictures without a label, or that
    could not be read, are passed over; `groups` (n,) widen the intervals as in `metrics.measure`.
    """
    known = (test.labels >= 0) & ~np.isnan(test.probabilities).any(axis=1)
    rows = np.flatnonzero(known)
    probabilities, labels = test.probabilities[rows], test.labels[rows]
    chance = tie_breakers([test.ids[row] for row in rows])
    of_groups = None if groups is None else np.asarray(groups)[rows]
    resampling = Resampling.of(len(rows), of_groups, resamples, seed)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    rules = [held_out.sets(coverage, method) for coverage in COVERAGES for method in METHODS]
    return Kept(
        sets=tuple(
            _sets_kept(rule, rule(probabilities, chance), labels, test.classes, resampling)
            for rule in rules
        ),
        silence=tuple(
            _silence_kept(held_out, e, confidence, right, resampling) for e in MAX_ERRORS
        ),
        risk_area=_risk_area(confidence, right, resampling),
        risk_curve=_risk_curve(confidence, right),
        held_out=len(held_out),
    )


def _sets_kept(
    rule: Sets,
    inside: NDArray[np.bool_],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    resampling: Resampling,
) -> SetsKept:
    covered = inside[np.arange(len(labels)), labels]
    sizes = inside.sum(axis=1)
    numbers, counts = np.unique(sizes, return_counts=True)
    each = [labels == place for place in range(len(classes))]
    return SetsKept(
        method=rule.method,
        coverage=rule.coverage,
        covered=accuracy_figure(covered, resampling),
        mean_size=float(sizes.mean()),
        sizes=dict(zip(numbers.tolist(), counts.tolist(), strict=True)),
        class_covered=tuple(
            accuracy_figure(covered[of], resampling.among(of)) if of.any() else None for of in each
        ),
        class_sizes=tuple(float(sizes[of].mean()) if of.any() else None for of in each),
        classes=tuple(classes),
        unjudged=tuple(classes[place] for place in rule.unjudged),
    )


def _silence_kept(
    held_out: HeldOut,
    max_error: float,
    confidence: Floats,
    right: NDArray[np.bool_],
    resampling: Resampling,
) -> SilenceKept:
    rule = held_out.silence(max_error)
    given = confidence >= rule.confidence
    return SilenceKept(
        max_error=max_error,
        confidence=rule.confidence if np.isfinite(rule.confidence) else None,
        answered=accuracy_figure(given, resampling),
        error=accuracy_figure(~right[given], resampling.among(given)) if given.any() else None,
    )


def _risk_area(confidence: Floats, right: NDArray[np.bool_], resampling: Resampling) -> Figure:
    """The mean, over all shares of answered pictures, of the error among the surest of them.

    Geifman and El-Yaniv (2017) call its curve risk-coverage. Equal confidences share their risk.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = (~right)[order].astype(np.float64)
    ends = _ends_of_equals(confidence[order])

    def area(weights: Floats) -> float:
        of_each = weights[order]
        so_far = np.cumsum(of_each)[ends]
        risk = np.cumsum(of_each * wrong)[ends] / np.maximum(so_far, 1e-12)
        return float((risk * of_each).sum() / of_each.sum())

    value = area(np.ones(len(order)))
    return score_figure(value, resampling.draws(area), len(order), resampling)


def _risk_curve(confidence: Floats, right: NDArray[np.bool_]) -> tuple[RiskPoint, ...]:
    order = np.argsort(-confidence, kind="stable")
    risk = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    ends = np.unique(_ends_of_equals(confidence[order]))
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, CURVE_POINTS).round().astype(int))]
    return tuple(RiskPoint((at + 1) / len(order), float(risk[at])) for at in chosen.tolist())


def _ends_of_equals(falling: Floats) -> NDArray[np.int64]:
    """(n,) for each place in `falling`, the last place with the same value."""
    last = np.searchsorted(-falling, -falling, side="right") - 1
    return last.astype(np.int64)
