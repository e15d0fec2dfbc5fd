"""Whether promises are kept: label sets and silence, fitted on validation, judged on the test.

Where nothing was held out to promise by, as in a table of answers, what is left is the curve of
risk and coverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Method, Sets, tie_breakers
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.broken_promises import errs_too_often, held_out_trials, holds_too_seldom
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure, share_among, share_trials
from linnaeus.evaluation.risk_coverage import MAX_ERRORS, RiskCoverage, risk_coverage
from linnaeus.evaluation.set_sizes import mean_size_figure

__all__ = [
    "NO_HELD_OUT",
    "Kept",
    "SetsKept",
    "SilenceKept",
    "kept_promises",
    "nothing_promised",
]

Floats = NDArray[np.float64]

COVERAGES = (0.8, 0.9, 0.95)
METHODS: tuple[Method, ...] = ("lac", "class-conditional", "aps", "raps")

NO_HELD_OUT = (
    "Label sets and an error that is promised need answers to held-out pictures, of which this"
    " bundle kept none."
)
"""Why nothing is promised of a bundle that was made without validation, or is an old one."""


@dataclass(frozen=True)
class SetsKept:
    """How label sets of one method did at one `coverage`, on the test pictures.

    `covered`: the share of sets that hold the true class; `broken`: it is below what was promised
    by more than chance makes. `sizes`: {classes in a set: pictures}; `empty`, `single` and
    `several`: the shares of sets of none, one and more classes.
    `class_covered` and `class_sizes`: by class, None where no test picture is of it.
    """

    method: str
    coverage: float
    covered: Figure
    broken: bool
    mean_size: Figure
    sizes: dict[int, int]
    empty: Figure
    single: Figure
    several: Figure
    class_covered: tuple[Figure | None, ...]
    class_sizes: tuple[Figure | None, ...]
    classes: tuple[str, ...]
    unjudged: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "method": self.method,
            "coverage": self.coverage,
            "covered": self.covered.to_json(),
            "broken": self.broken,
            "mean_size": self.mean_size.to_json(),
            "sizes": {str(size): count for size, count in self.sizes.items()},
            "empty": self.empty.to_json(),
            "single": self.single.to_json(),
            "several": self.several.to_json(),
            "classes": [self._of_class(place) for place in range(len(self.classes))],
            "unjudged": list(self.unjudged),
        }

    def _of_class(self, place: int) -> dict[str, Any]:
        covered, size = self.class_covered[place], self.class_sizes[place]
        return {
            "class": self.classes[place],
            "covered": covered.to_json() if covered else None,
            "mean_size": size.to_json() if size else None,
        }


@dataclass(frozen=True)
class SilenceKept:
    """What a promise of at most `max_error` wrong answers costs, and whether it was kept.

    `confidence`: below it nothing is said; None where no threshold can promise it. `answered`: the
    share of test pictures that got an answer. `error`: the share of wrong ones among them;
    `broken`: it is above `max_error` by more than chance makes.
    """

    max_error: float
    confidence: float | None
    answered: Figure
    error: Figure | None
    broken: bool

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "answered": self.answered.to_json(),
            "error": self.error.to_json() if self.error else None,
            "broken": self.broken,
        }


@dataclass(frozen=True)
class Kept:
    """Promises, judged, and the `risk` of answering only some pictures, which needs no promise.

    `held_out`: pictures that the promises rest on. `why_none`: why nothing is promised, as a
    sentence; None where something is.
    """

    sets: tuple[SetsKept, ...]
    silence: tuple[SilenceKept, ...]
    risk: RiskCoverage
    held_out: int
    why_none: str | None = None

    def at(self, coverage: float, method: str) -> SetsKept:
        """The sets of that coverage and method."""
        return next(s for s in self.sets if s.coverage == coverage and s.method == method)

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "held_out": self.held_out,
            "label_sets": [one.to_json() for one in self.sets],
            "silence": [one.to_json() for one in self.silence],
            "why_none": self.why_none,
            **self.risk.to_json(),
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
    judged = _Judged.of(test, groups, resamples, seed)
    probabilities, labels, resampling = judged.probabilities, judged.labels, judged.resampling
    chance = tie_breakers(judged.ids)
    rules = [held_out.sets(coverage, method) for coverage in COVERAGES for method in METHODS]
    return Kept(
        sets=tuple(
            _sets_kept(rule, held_out, rule(probabilities, chance), labels, test, resampling)
            for rule in rules
        ),
        silence=tuple(
            _silence_kept(held_out, e, judged.confidence, judged.right, resampling)
            for e in MAX_ERRORS
        ),
        risk=judged.risk(),
        held_out=len(held_out),
    )


def nothing_promised(
    test: Predictions,
    why: str,
    *,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Kept | None:
    """What is known without any promise: the risk of answering only the surest of `test`.

    `why`: why nothing is promised, as a sentence. None where pictures may have several labels, of
    which each is as sure as it is.
    """
    if test.thresholds is not None:
        return None
    judged = _Judged.of(test, groups, resamples, seed)
    return Kept((), (), judged.risk(), held_out=0, why_none=why)


@dataclass(frozen=True, eq=False)
class _Judged:
    """The pictures of a test that were read and have a label, each (n,) or (n, classes)."""

    ids: list[str]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    resampling: Resampling

    @classmethod
    def of(cls, test: Predictions, groups: ArrayLike | None, resamples: int, seed: int) -> _Judged:
        known = (test.labels >= 0) & ~np.isnan(test.probabilities).any(axis=1)
        rows = np.flatnonzero(known)
        return cls(
            [test.ids[row] for row in rows],
            test.probabilities[rows],
            test.labels[rows],
            Resampling.of(
                len(rows), None if groups is None else np.asarray(groups)[rows], resamples, seed
            ),
        )

    @property
    def confidence(self) -> Floats:
        highest: Floats = self.probabilities.max(axis=1).astype(np.float64)
        return highest

    @property
    def right(self) -> NDArray[np.bool_]:
        right: NDArray[np.bool_] = self.probabilities.argmax(axis=1) == self.labels
        return right

    def risk(self) -> RiskCoverage:
        return risk_coverage(self.confidence, self.right, self.resampling)


def _sets_kept(
    rule: Sets,
    held_out: HeldOut,
    inside: NDArray[np.bool_],
    labels: NDArray[np.int64],
    test: Predictions,
    resampling: Resampling,
) -> SetsKept:
    classes = test.classes
    covered = inside[np.arange(len(labels)), labels]
    sizes = inside.sum(axis=1)
    numbers, counts = np.unique(sizes, return_counts=True)
    each = [labels == place for place in range(len(classes))]
    return SetsKept(
        method=rule.method,
        coverage=rule.coverage,
        covered=accuracy_figure(covered, resampling),
        broken=holds_too_seldom(
            float(covered.mean()),
            share_trials(covered, resampling),
            rule.coverage,
            held_out_trials(rule, held_out, labels),
        ),
        mean_size=mean_size_figure(sizes, len(classes), resampling),
        sizes=dict(zip(numbers.tolist(), counts.tolist(), strict=True)),
        empty=accuracy_figure(sizes == 0, resampling),
        single=accuracy_figure(sizes == 1, resampling),
        several=accuracy_figure(sizes > 1, resampling),
        class_covered=tuple(
            share_among(covered, of, resampling) if of.any() else None for of in each
        ),
        class_sizes=tuple(
            mean_size_figure(sizes[of], len(classes), resampling.among(of)) if of.any() else None
            for of in each
        ),
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
    error = share_among(~right, given, resampling) if given.any() else None
    return SilenceKept(
        max_error=max_error,
        confidence=rule.confidence if np.isfinite(rule.confidence) else None,
        answered=accuracy_figure(given, resampling),
        error=error,
        broken=error is not None
        and errs_too_often(
            error.value, share_trials(~right[given], resampling.among(given)), max_error
        ),
    )
