"""CurvePoint: what a class's probability tells at one threshold, for ROC and precision-recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CURVE_POINTS", "CurvePoint", "curve_points"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]

CURVE_POINTS = 100
"""Of one curve: what an eye tells apart in a drawing."""


@dataclass(frozen=True)
class CurvePoint:
    """At one threshold: the shares found (sensitivity, or recall), falsely called, and right."""

    threshold: float
    sensitivity: float
    false_alarms: float
    precision: float

    def to_json(self) -> dict[str, float]:
        """As metrics.json has it."""
        return {
            "threshold": self.threshold,
            "sensitivity": self.sensitivity,
            "false_alarms": self.false_alarms,
            "precision": self.precision,
        }


def curve_points(truth: Sets, score: Floats, most: int = CURVE_POINTS) -> tuple[CurvePoint, ...]:
    """Both curves of `score` (n,) for what is so by `truth` (n,), of which some are and some not.

    Of the thresholds between which anything changes, the highest first, all or as many as `most`:
    those by which the ROC curve goes on by equal steps, and both its ends.
    """
    levels, place = np.unique(-score, return_inverse=True)
    found = np.cumsum(np.bincount(place, weights=truth, minlength=len(levels)))
    called = np.cumsum(np.bincount(place, minlength=len(levels)))
    sensitivity, false_alarms = found / found[-1], (called - found) / (called - found)[-1]
    kept = np.arange(len(levels))
    if len(levels) > most:
        steps = np.linspace(0, 2, most)
        kept = np.unique(np.searchsorted(sensitivity + false_alarms, steps - 1e-9))
        kept = np.minimum(kept, len(levels) - 1)
    return tuple(
        CurvePoint(
            float(-levels[at]),
            float(sensitivity[at]),
            float(false_alarms[at]),
            float(found[at] / called[at]),
        )
        for at in kept.tolist()
    )
