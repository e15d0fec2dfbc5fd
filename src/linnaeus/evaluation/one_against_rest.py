"""One class against the rest: area under the ROC curve and average precision, with intervals.

Their intervals come from how much each picture moves the figure (the infinitesimal jackknife,
Jaeckel 1972; for the area that is nearly DeLong's variance of 1988), since resampling them would
cost a sort's worth of work a thousand times for each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, spread_figure

__all__ = ["ClassRanking", "OneAgainstRest", "one_against_rest"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]

HALVINGS = 45
BY_FORMULA = 10.0
"""What the formula for the error of an area weighs beside what is seen, in pictures of a class."""


@dataclass(frozen=True)
class ClassRanking:
    """How well the probability of one class ranks the pictures; None where it cannot be told."""

    name: str
    auroc: Figure | None
    average_precision: Figure | None


@dataclass(frozen=True)
class OneAgainstRest:
    """Each class against the rest, and the means over the classes that have pictures."""

    macro_auroc: Figure | None
    macro_average_precision: Figure | None
    per_class: tuple[ClassRanking, ...]

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "macro_auroc": _json(self.macro_auroc),
            "macro_average_precision": _json(self.macro_average_precision),
            "per_class": [
                {
                    "class": row.name,
                    "auroc": _json(row.auroc),
                    "average_precision": _json(row.average_precision),
                }
                for row in self.per_class
            ],
        }


def one_against_rest(
    labels: NDArray[np.int64], probabilities: Floats, classes: tuple[str, ...], by: Resampling
) -> OneAgainstRest:
    """Rank by each column of `probabilities` (n, classes); `labels` (n,) are positions.

    Takes a sort a class, and memory for a few numbers a picture.
    """
    areas, precisions = _Means(by), _Means(by)
    rows = []
    for at, name in enumerate(classes):
        truth = labels == at
        pictures = int(truth.sum())
        area = precision = None
        if 0 < pictures < len(labels):
            area = areas.add_area(*_area(truth, probabilities[:, at]), truth)
        if pictures:
            precision = precisions.add(*_average_precision(truth, probabilities[:, at]), pictures)
        rows.append(ClassRanking(name, area, precision))
    return OneAgainstRest(areas.mean(), precisions.mean(), tuple(rows))


class _Means:
    """Figures of classes, and what is needed for that of their mean."""

    def __init__(self, by: Resampling) -> None:
        self.by = by
        self.values: list[float] = []
        self.trials: list[float] = []
        self.moves = np.zeros(len(by.codes))
        self.seen = 0.0
        self.expected = 0.0

    def add(self, value: float, moves: Floats, trials: float) -> Figure:
        """Take a class's figure in, and give it its interval."""
        self.values.append(value)
        self.trials.append(float(trials))
        self.moves += moves
        return spread_figure(value, self.by.variance(moves), float(trials), self.by, most=inf)

    def add_area(self, value: float, moves: Floats, truth: Sets) -> Figure:
        """The same for an area, of which few pictures of a class tell too little of its spread.

        Newcombe's interval (2006, his fifth): the areas that lie at most 1.96 standard errors off,
        each with its own error, by the formula of Hanley and McNeil (1982). The error is scaled to
        that seen, in groups say, as far as there are pictures to see it from.
        """
        have = int(truth.sum())
        lack = len(truth) - have
        trials = float(min(have, lack))
        self.values.append(value)
        self.trials.append(trials)
        self.moves += moves
        expected = _area_variance(value, have, lack)
        seen = self.by.variance(moves)
        excess = effect = self.by.design_effect(moves)
        if expected > 0:
            known = trials / effect
            excess = (known * seen / expected + BY_FORMULA * effect) / (known + BY_FORMULA)
        self.expected += max(seen, expected * excess)
        self.seen += seen
        if self.by.groups < 2:
            return Figure.around(value, 0.0, 1.0)
        z = self.by.z * sqrt(excess)
        low, high = _area_end(value, have, lack, z), 1 - _area_end(1 - value, have, lack, z)
        return Figure.around(value, low, high)

    def mean(self) -> Figure | None:
        """The mean of the classes; None where there is none."""
        classes = len(self.values)
        if not classes:
            return None
        even = classes**2 / sum(1 / count for count in self.trials)  # Kish 1965
        variance = self.by.variance(self.moves / classes)
        if self.seen > 0:
            variance *= self.expected / self.seen
        return spread_figure(float(np.mean(self.values)), variance, even, self.by, most=inf)


def _area(truth: Sets, score: Floats) -> tuple[float, Floats]:
    """The area under the ROC curve, a tie counting half, and (n,) what each picture moves it by."""
    found, lacking = np.sort(score[truth]), np.sort(score[~truth])
    beaten = np.empty(len(score))
    beaten[truth] = _below(lacking, score[truth]) / len(lacking)
    beaten[~truth] = 1 - _below(found, score[~truth]) / len(found)
    value = float(beaten[truth].mean())
    return value, (beaten - value) / np.where(truth, len(found), len(lacking))


def _area_variance(area: float, have: int, lack: int) -> float:
    """The variance of an area under the ROC curve, in Newcombe's form of Hanley and McNeil's."""
    half = (have + lack) / 2 - 1
    spread = 1 + half * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (have * lack)


def _area_end(area: float, have: int, lack: int, z: float) -> float:
    """The least area that lies at most `z` of its own standard errors below `area`."""
    low, high = 0.0, area
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        far = area - middle > z * sqrt(_area_variance(middle, have, lack))
        low, high = (middle, high) if far else (low, middle)
    return high


def _below(rising: Floats, score: Floats) -> Floats:
    """How many of `rising` lie below each of `score`, those as high counting half."""
    sides = (np.searchsorted(rising, score, side) for side in ("left", "right"))
    return np.add(*sides) / 2


def _average_precision(truth: Sets, score: Floats) -> tuple[float, Floats]:
    """Average precision without interpolation, and (n,) its derivative by each picture's weight."""
    levels, place = np.unique(-score, return_inverse=True)  # the highest score first
    have = np.bincount(place, weights=truth, minlength=len(levels))
    seen = np.cumsum(np.bincount(place, minlength=len(levels))).astype(np.float64)
    precision = np.cumsum(have) / seen
    total = have.sum()
    value = float(have @ precision / total)
    raised = np.cumsum((have / seen)[::-1])[::-1]
    lowered = np.cumsum((have * precision / seen)[::-1])[::-1]
    moves = truth * (precision[place] - value + raised[place]) - lowered[place]
    return value, moves / total


def _json(figure: Figure | None) -> dict[str, float] | None:
    return figure.to_json() if figure else None
