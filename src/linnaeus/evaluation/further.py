"""Further figures: what an expert may ask for beyond the headline, of one label a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError
from linnaeus.evaluation.agreement import Agreement
from linnaeus.evaluation.classwise_calibration import classwise_calibration_error
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure
from linnaeus.evaluation.one_against_rest import OneAgainstRest, one_against_rest
from linnaeus.evaluation.operating import Operating, check_cuts, operating
from linnaeus.evaluation.two_classes import TwoClasses, as_a_test

__all__ = ["Asked", "Further", "further_figures", "top_k_accuracy"]

Floats = NDArray[np.float64]
Given = NDArray[np.floating]
Places = NDArray[np.int64]

USUAL_KS = (2, 3, 5, 10)


@dataclass(frozen=True)
class Asked:
    """What someone wants to know besides: accuracy among the `top_k` likeliest, and of two classes
    which one is looked for (`positive`), how frequent it is elsewhere (`prevalence`), and the
    threshold for a stated `sensitivity` or for the `costs` of both mistakes."""

    top_k: int | None = None
    positive: str | None = None
    prevalence: float | None = None
    sensitivity: float | None = None
    costs: Costs | None = None

    def refuse_for_several_labels(self) -> None:
        """Raise UsageError where anything is asked."""
        if self != Asked():
            raise UsageError(
                "top-k accuracy, a positive class, its prevalence and threshold are of one label"
                " a picture",
                where="evaluate",
                mend="Leave these options out; each label is judged by itself.",
            )


@dataclass(frozen=True)
class Further:
    """`top_k`: {k: accuracy among the k likeliest}; `tests`: of two classes, as a test for one.

    `operating`: the same at every threshold; None with more classes, or pictures of one alone.
    """

    top_k: dict[int, Figure]
    agreement: Agreement
    one_against_rest: OneAgainstRest
    classwise_calibration_error: Figure
    tests: tuple[TwoClasses, ...]
    operating: Operating | None

    def to_json(self, accuracy: Figure) -> dict[str, Any]:
        """As metrics.json has them."""
        return {
            "top_k": [{"k": k, "accuracy": figure.to_json()} for k, figure in self.top_k.items()],
            "agreement": self.agreement.to_json(accuracy),
            "one_against_rest": self.one_against_rest.to_json(),
            "classwise_calibration_error": self.classwise_calibration_error.to_json(),
            "as_a_test": [test.to_json() for test in self.tests],
            "operating": self.operating.to_json() if self.operating else None,
        }


def further_figures(
    labels: Places,
    given: Given,
    agreement: Agreement,
    per_class: tuple[ClassFigures, ...],
    resampling: Resampling,
    asked: Asked,
) -> Further:
    """Measure the probabilities (n, classes), as they were `given`, against `labels` (n,).

    Raises UsageError for what is asked and has no meaning here.
    """
    classes = tuple(row.name for row in per_class)
    probabilities = given.astype(np.float64)
    tests = as_a_test(per_class, asked.positive, asked.prevalence)
    of_each = labels[:, None] == np.arange(len(classes))
    classwise = classwise_calibration_error(labels, probabilities, resampling)
    return Further(
        {
            k: top_k_accuracy(labels, probabilities, k, resampling)
            for k in _ks(len(classes), asked.top_k)
        },
        agreement,
        one_against_rest(of_each, probabilities, classes, resampling),
        classwise,
        tests,
        _operating(labels, given, classes, tests, resampling, asked, classwise),
    )


def _operating(
    labels: Places,
    given: Given,
    classes: tuple[str, ...],
    tests: tuple[TwoClasses, ...],
    resampling: Resampling,
    asked: Asked,
    calibration: Figure,
) -> Operating | None:
    check_cuts(given.shape[1], asked.sensitivity, asked.costs)
    if not tests:
        return None
    positive = tests[0].positive
    at = classes.index(positive)
    return operating(
        positive,
        labels == at,
        given[:, at],
        resampling,
        calibration,
        sensitivity=asked.sensitivity,
        costs=asked.costs,
    )


def top_k_accuracy(labels: Places, probabilities: Floats, k: int, resampling: Resampling) -> Figure:
    """How often the truth is among the k likeliest (at equal odds, the earlier class first)."""
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return accuracy_figure((likeliest == labels[:, None]).any(axis=1), resampling)


def _ks(classes: int, asked: int | None) -> Sequence[int]:
    if asked is not None and not 1 <= asked < classes:
        raise UsageError(
            f"among the {asked} likeliest of {classes} classes nothing can be told",
            where="--top-k",
            mend=f"Give a number from 1 to {classes - 1}.",
        )
    usual = {k for k in USUAL_KS if k < classes}
    return sorted(usual | ({asked} if asked is not None else set()))
