"""Where to cut: how a classifier of two classes does as a test, at every threshold it may be given.

The ROC curve, precision and recall, the decision curve, and the thresholds for a stated sensitivity
or for stated costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.spelt import share_text, threshold_text
from linnaeus.errors import UsageError
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.cut_points import CutPoint, cut_points
from linnaeus.evaluation.decision_points import DecisionPoint, decision_points
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import (
    Resampling,
    accuracy_figure,
    share_among,
)

__all__ = ["Cut", "Operating", "check_cuts", "operating"]

Floats = NDArray[np.float64]
Scores = NDArray[np.floating]
Sets = NDArray[np.bool_]


@dataclass(frozen=True)
class Cut:
    """The test with one threshold, and why that one: a clause. What no picture can tell is None.

    `text`: the threshold with as few digits as call the same pictures. `called`: the share of
    pictures called positive. `cost`: per picture, where costs are stated.
    """

    threshold: float
    text: str
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
    """The classifier as a test for `positive`, at every threshold and at those asked for.

    `cuts`: beside the threshold that follows from costs, the cheapest on these pictures, if that is
    another. `remarks`: why the former may mislead, as sentences.
    """

    positive: str
    curve: tuple[CutPoint, ...]
    decisions: tuple[DecisionPoint, ...]
    cuts: tuple[Cut, ...]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "positive": self.positive,
            "curve": [point.to_json() for point in self.curve],
            "decisions": [point.to_json() for point in self.decisions],
            "cuts": [cut.to_json() for cut in self.cuts],
            "remarks": list(self.remarks),
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
    if costs is not None:
        costs.check()


def operating(
    positive: str,
    truth: Sets,
    score: Scores,
    by: Resampling,
    calibration: Figure,
    *,
    sensitivity: float | None = None,
    costs: Costs | None = None,
) -> Operating | None:
    """The test for `positive` from `truth` and its probability `score`, both (n,).

    Thresholds are compared in the precision of `score`, which is that of the answers as they were
    given: float32 by a bundle, float64 in a table. None where all pictures are of one class.

    The threshold for a stated `sensitivity` is the largest that reaches it on these pictures, and
    so flatters; that for stated `costs` follows from them alone, and is right where probabilities
    are: `calibration` is the error of `score`.
    """
    if truth.all() or not truth.any():
        return None
    cuts: list[Cut] = []
    remarks: list[str] = []
    if sensitivity is not None:
        cuts.append(_cut_for_sensitivity(sensitivity, truth, score, by, costs))
    if costs is not None:
        cuts += _cuts_for_costs(costs, truth, score, by)
        remarks = _doubts(costs, positive, truth, score, by, calibration)
    return Operating(
        positive,
        cut_points(truth, score.astype(np.float64), by),
        decision_points(truth, score, by),
        tuple(cuts),
        tuple(remarks),
    )


def _cut_for_sensitivity(
    sensitivity: float, truth: Sets, score: Scores, by: Resampling, costs: Costs | None
) -> Cut:
    found = np.sort(score[truth])[::-1]
    place = max(int(np.ceil(sensitivity * len(found) - 1e-9)), 1) - 1
    why = f"the largest with a sensitivity of {share_text(sensitivity)} on these pictures"
    return _cut(float(found[place]), why, truth, score, by, costs)


def _cuts_for_costs(costs: Costs, truth: Sets, score: Scores, by: Resampling) -> list[Cut]:
    """That which follows from the `costs`, and the cheapest on these pictures where it is another.

    Where no other is cheaper, the first says so.
    """
    why = (
        f"a missed one costs {costs.missed:g} and a false alarm {costs.false_alarm:g}, so from this"
        " probability on an alarm is worth it, if probabilities mean what they say"
    )
    cheapest = costs.cheapest(truth, score)
    stated, least = (costs.mean(truth, score >= one) for one in (costs.threshold, cheapest))
    if stated <= least * (1 + 1e-9):
        why += "; no other threshold is cheaper on these pictures"
        return [_cut(costs.threshold, why, truth, score, by, costs)]
    chosen = "the cheapest on these pictures; chosen on them, it flatters"
    if cheapest > score.max():
        chosen = f"no picture is called so: {chosen}"
    return [
        _cut(costs.threshold, why, truth, score, by, costs),
        _cut(cheapest, chosen, truth, score, by, costs),
    ]


def _doubts(
    costs: Costs,
    positive: str,
    truth: Sets,
    score: Scores,
    by: Resampling,
    calibration: Figure,
) -> list[str]:
    """Why the threshold that follows from `costs` may mislead here, as sentences."""
    doubts = []
    start = threshold_text(_told(costs.threshold, score), score)
    if calibration.low > 0:
        off, low, high = (
            100 * one for one in (calibration.value, calibration.low, calibration.high)
        )
        doubts.append(
            f"The probabilities of “{positive}” do not mean what they say on these pictures: they"
            f" are off by {off:.1f} % on average (between {low:.1f} and {high:.1f}), so the"
            f" threshold {start}, which takes them at their word, may mislead."
        )
    if rival := _clearly_cheaper(costs, truth, score, by):
        stated = costs.mean(truth, score >= costs.threshold)
        doubts.append(
            f"From {start} on a picture costs {stated:.3f}, clearly more than {rival}."
            " Calibrate on other pictures first, or choose the threshold on them."
        )
    return doubts


def _clearly_cheaper(costs: Costs, truth: Sets, score: Scores, by: Resampling) -> str:
    """What costs less than the threshold by `costs`, by more than chance; empty: nothing does.

    Of several the cheapest. A threshold chosen on the very pictures it is tried on would seem
    cheaper by chance alone, so one chosen on others stands for it.
    """
    all_of = np.ones(len(truth), bool)
    rivals = {
        "by calling every picture so": all_of,
        "by calling none so": ~all_of,
        "at a threshold chosen on other pictures": costs.called_elsewhere(truth, score, by),
    }
    called = score >= costs.threshold
    clear = [
        (costs.mean(truth, rival), how)
        for how, rival in rivals.items()
        if costs.more(truth, called, rival, by).low > 0
    ]
    if not clear:
        return ""
    cost, how = min(clear, key=lambda one: one[0])
    return f"{how} ({cost:.3f})"


def _cut(
    threshold: float, why: str, truth: Sets, score: Scores, by: Resampling, costs: Costs | None
) -> Cut:
    start = _told(threshold, score)
    called = score >= start
    cost = costs.figure(truth, called, by) if costs is not None else None

    def among(hit: Sets, chosen: Sets) -> Figure | None:
        return share_among(hit, chosen, by) if chosen.any() else None

    sensitivity, specificity = among(called, truth), among(~called, ~truth)
    assert sensitivity is not None
    assert specificity is not None
    return Cut(
        start,
        threshold_text(start, score),
        why,
        sensitivity,
        specificity,
        among(truth, called),
        among(~truth, ~called),
        accuracy_figure(called, by),
        cost,
    )


def _told(threshold: float, score: Scores) -> float:
    """The `threshold` as what reaches it in the precision of `score` reaches it in any.

    A float32 that just reaches it may lie a little below, and so may the digits it is written with.
    """
    near = score.dtype.type(threshold)
    if near not in score:
        return threshold
    return min(threshold, float(near), float(np.format_float_positional(near)))
