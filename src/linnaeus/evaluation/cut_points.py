"""CutPoint: a test at one threshold, with intervals, for its ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.curve_points import CurvePoint, curve_points
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure

__all__ = ["CutPoint", "cut_points"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]


@dataclass(frozen=True)
class CutPoint:
    """At one threshold: the shares found (sensitivity, or recall), falsely called, and right."""

    threshold: float
    sensitivity: Figure
    false_alarms: Figure
    precision: Figure

    @property
    def drawn(self) -> CurvePoint:
        """Where it stands in a drawing."""
        figures = (self.sensitivity, self.false_alarms, self.precision)
        return CurvePoint(self.threshold, *(figure.value for figure in figures))

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "threshold": self.threshold,
            "sensitivity": self.sensitivity.to_json(),
            "false_alarms": self.false_alarms.to_json(),
            "precision": self.precision.to_json(),
        }


def cut_points(truth: Sets, score: Floats, by: Resampling) -> tuple[CutPoint, ...]:
    """The points of `curve_points` with Wilson's intervals, each for its own threshold."""
    of_true, of_others = by.among(truth), by.among(~truth)
    points = []
    for point in curve_points(truth, score):
        called = score >= point.threshold
        points.append(
            CutPoint(
                point.threshold,
                accuracy_figure(called[truth], of_true),
                accuracy_figure(called[~truth], of_others),
                accuracy_figure(truth[called], by.among(called)),
            )
        )
    return tuple(points)
