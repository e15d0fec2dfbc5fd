"""DecisionPoint: what acting from a threshold on is worth, the points of the decision curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.difference import difference_figure, times_figure
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure

__all__ = ["DecisionPoint", "decision_points"]

Scores = NDArray[np.floating]
Sets = NDArray[np.bool_]

THRESHOLDS = tuple(at / 50 for at in range(1, 50))


@dataclass(frozen=True)
class DecisionPoint:
    """The net benefit of acting from `threshold` on, and of acting on every picture.

    Found ones less false alarms, each of these weighing threshold / (1 - threshold), per picture
    (Vickers and Elkin 2006); to act on none has net benefit 0.
    """

    threshold: float
    net_benefit: Figure
    acting_on_all: Figure

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "threshold": self.threshold,
            "net_benefit": self.net_benefit.to_json(),
            "acting_on_all": self.acting_on_all.to_json(),
        }


def decision_points(truth: Sets, score: Scores, by: Resampling) -> tuple[DecisionPoint, ...]:
    """The decision curve of `score` for what is so by `truth`, both (n,)."""
    share = accuracy_figure(truth, by)
    return tuple(_at(threshold, truth, score, share, by) for threshold in THRESHOLDS)


def _at(
    threshold: float, truth: Sets, score: Scores, share: Figure, by: Resampling
) -> DecisionPoint:
    odds, called = threshold / (1 - threshold), score >= threshold
    all_called = (one - odds * (1 - one) for one in (share.value, share.low, share.high))
    return DecisionPoint(
        threshold, _net_benefit(called & truth, called & ~truth, odds, by), Figure(*all_called)
    )


def _net_benefit(found: Sets, alarms: Sets, odds: float, by: Resampling) -> Figure:
    """The share of `found` pictures less `odds` times that of false `alarms`."""
    true, false = accuracy_figure(found, by), accuracy_figure(alarms, by)
    figure = difference_figure(true, times_figure(odds, false), found, alarms, by)
    return Figure.around(figure.value, max(figure.low, -odds), min(figure.high, 1.0))
