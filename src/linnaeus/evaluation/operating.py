"""Where to cut: how a classifier of two classes does as a test, at every threshold it may be given.

The ROC curve, precision and recall, the decision curve, and the thresholds for a stated sensitivity
or for stated costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError
from linnaeus.evaluation.curve_points import CurvePoint, curve_points
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure, mean_figure

__all__ = [
    "Costs",
    "Cut",
    "DecisionPoint",
    "Operating",
    "check_cuts",
    "operating",
]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]

DECISION_THRESHOLDS = tuple(at / 50 for at in range(1, 50))


@dataclass(frozen=True)
class Costs:
    """What a missed picture of the class looked for costs, and a false alarm; above 0, any unit."""

    missed: float
    false_alarm: float

    @property
    def threshold(self) -> float:
        """From which probability on an alarm costs less than none, if probabilities are true."""
        return self.false_alarm / (self.missed + self.false_alarm)


@dataclass(frozen=True)
class DecisionPoint:
    """The net benefit of acting from `threshold` on, and of acting on every picture.

    Found ones less false alarms, each of these weighing threshold / (1 - threshold), per picture
    (Vickers and Elkin 2006); to act on none has net benefit 0.
    """

    threshold: float
    net_benefit: float
    acting_on_all: float

    def to_json(self) -> dict[str, float]:
        """As metrics.json has it."""
        return {
            "threshold": self.threshold,
            "net_benefit": self.net_benefit,
            "acting_on_all": self.acting_on_all,
        }


@dataclass(frozen=True)
class Cut:
    """The test with one threshold, and why that one: a clause. What no picture can tell is None.

    `called`: the share of pictures called positive. `cost`: per picture, where costs are stated.
    """

    threshold: float
    why: str
    sensitivity: Figure
    specificity: Figure
    positive_predictive_value: Figure | None
    negative_predictive_value: Figure | None
    called: Figure
    cost: Figure | None = None

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        figures = {
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
            "positive_predictive_value": self.positive_predictive_value,
            "negative_predictive_value": self.negative_predictive_value,
            "called": self.called,
            "cost": self.cost,
        }
        told: dict[str, Any] = {"threshold": self.threshold, "why": self.why}
        return told | {name: one.to_json() if one else None for name, one in figures.items()}


@dataclass(frozen=True)
class Operating:
    """The classifier as a test for `positive`, at every threshold and at those asked for."""

    positive: str
    curve: tuple[CurvePoint, ...]
    decisions: tuple[DecisionPoint, ...]
    cuts: tuple[Cut, ...]

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "positive": self.positive,
            "curve": [point.to_json() for point in self.curve],
            "decisions": [point.to_json() for point in self.decisions],
            "cuts": [cut.to_json() for cut in self.cuts],
        }


def check_cuts(classes: int, sensitivity: float | None, costs: Costs | None) -> None:
    """Raise UsageError where what is asked is impossible, or there are more than two `classes`."""
    if classes != 2 and (sensitivity is not None or costs is not None):
        raise UsageError(
            f"a threshold is for two classes, and there are {classes}",
            where="--sensitivity" if sensitivity is not None else "--costs",
            mend="Leave it out; recall and precision of each class are told.",
        )
    if sensitivity is not None and not 0 < sensitivity <= 1:
        raise UsageError(
            f"{sensitivity:g} is no sensitivity",
            where="--sensitivity",
            mend="Give a number above 0 and up to 1, such as 0.95.",
        )
    if costs is not None and not min(costs.missed, costs.false_alarm) > 0:
        raise UsageError(
            "a cost is not above 0",
            where="--costs",
            mend="Give the cost of a missed picture and of a false alarm, such as 10:1.",
        )


def operating(
    positive: str,
    truth: Sets,
    score: Floats,
    by: Resampling,
    *,
    sensitivity: float | None = None,
    costs: Costs | None = None,
) -> Operating | None:
    """The test for `positive` from `truth` and its probability `score`, both (n,).

    None where all pictures are of one class. The threshold for a stated `sensitivity` is the
    largest that reaches it on these pictures, and so flatters; that for stated `costs` follows from
    them alone, since probabilities are calibrated.
    """
    if truth.all() or not truth.any():
        return None
    cuts = []
    if sensitivity is not None:
        found = np.sort(score[truth])[::-1]
        threshold = float(found[int(np.ceil(sensitivity * len(found) - 1e-9)) - 1])
        why = f"the largest with a sensitivity of {100 * sensitivity:.1f} % on these pictures"
        cuts.append(_cut(threshold, why, truth, score, by, costs))
    if costs is not None:
        why = (
            f"a missed one costs {costs.missed:g} and a false alarm {costs.false_alarm:g}, so from"
            " this probability on an alarm is worth it"
        )
        cuts.append(_cut(costs.threshold, why, truth, score, by, costs))
    decisions = tuple(_decision(truth, score, at) for at in DECISION_THRESHOLDS)
    return Operating(positive, curve_points(truth, score), decisions, tuple(cuts))


def _called(score: Floats, threshold: float) -> Sets:
    """(n,) whether each is called; scores are float32, so 0.9 is less than the threshold 0.9."""
    reached: Sets = score >= float(np.float32(threshold))
    return reached


def _decision(truth: Sets, score: Floats, threshold: float) -> DecisionPoint:
    odds, called = threshold / (1 - threshold), _called(score, threshold)
    share = float(truth.mean())
    benefit = float((called & truth).mean() - odds * (called & ~truth).mean())
    return DecisionPoint(threshold, benefit, share - odds * (1 - share))


def _cut(
    threshold: float, why: str, truth: Sets, score: Floats, by: Resampling, costs: Costs | None
) -> Cut:
    called = _called(score, threshold)
    cost = None
    if costs is not None:
        each = costs.missed * (truth & ~called) + costs.false_alarm * (called & ~truth)
        cost = mean_figure(each, max(costs.missed, costs.false_alarm), by)

    def among(hit: Sets, chosen: Sets) -> Figure | None:
        return accuracy_figure(hit[chosen], by.among(chosen)) if chosen.any() else None

    sensitivity, specificity = among(called, truth), among(~called, ~truth)
    assert sensitivity is not None
    assert specificity is not None
    return Cut(
        threshold,
        why,
        sensitivity,
        specificity,
        among(truth, called),
        among(~truth, ~called),
        accuracy_figure(called, by),
        cost,
    )
