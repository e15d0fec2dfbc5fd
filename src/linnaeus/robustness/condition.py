"""How a bundle does on pictures under one change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure
from linnaeus.evaluation.reliability import calibration_error

__all__ = ["CLEAN", "Condition", "judged_under"]

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

CLEAN = "clean"
RESAMPLES = 200  # for calibration errors under 126 conditions, whose ends are read roughly


@dataclass(frozen=True)
class Condition:
    """What came of pictures changed by `kind` at `severity` 1 to 5 (0: unchanged).

    `accuracy` and `calibration_error` with 95 % intervals, `confidence` the mean probability of the
    answers, `unknown` the share called unknown, None where the bundle cannot tell. `right` (n,)
    bool: which pictures were named rightly.
    """

    kind: str
    severity: int
    accuracy: Figure
    calibration_error: Figure
    confidence: float
    unknown: float | None
    right: NDArray[np.bool_] = field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "accuracy": self.accuracy.to_json(),
            "calibration_error": self.calibration_error.to_json(),
            "confidence": self.confidence,
            "unknown": self.unknown,
        }


def judged_under(
    classifier: Classifier,
    pixels: Pixels,
    labels: Labels,
    kind: str = CLEAN,
    severity: int = 0,
    groups: NDArray[np.str_] | None = None,
) -> Condition:
    """Judge `classifier` on `pixels` (n, h, w, 3) uint8, changed already, with `labels` (n,).

    `groups` (n,): which pictures belong together, for the intervals.
    """
    answers = [answer.without_features() for answer in classifier.predict_pixels(pixels)]
    resampling = Resampling.of(len(labels), groups, RESAMPLES)
    right, sure = _right_and_sure(answers, labels)
    return Condition(
        kind=kind,
        severity=severity,
        accuracy=accuracy_figure(right, resampling),
        calibration_error=calibration_error(sure, right, resampling),
        confidence=float(sure.mean()),
        unknown=_unknown(classifier, answers),
        right=right,
    )


def _right_and_sure(
    answers: list[Answer], labels: Labels
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    rows = np.stack([answer.probabilities for answer in answers]).astype(np.float64)
    return rows.argmax(axis=1) == labels, rows.max(axis=1)


def _unknown(classifier: Classifier, answers: list[Answer]) -> float | None:
    ids = [str(place) for place in range(len(answers))]
    familiar = classifier.gather(ids, answers).familiar
    return None if familiar is None else float(familiar.unknown.mean())
