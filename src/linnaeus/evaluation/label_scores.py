"""The scores of labels under any weights of the pictures, and what they are over the resamples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, score_figure
from linnaeus.evaluation.ranking import Ranking

__all__ = ["DrawnScores", "LabelScores", "score_of_draws"]

Floats = NDArray[np.float64]
Sets = NDArray[np.bool_]

EVERY = ("precision", "recall", "f1", "average_precision", "auroc")
MICRO = ("precision", "recall", "f1")


class LabelScores:
    """The figures of labels under any weights of the pictures: once as they are, then resampled."""

    def __init__(self, truth: Sets, given: Sets, probabilities: Floats) -> None:
        self.truth, self.given = truth.astype(np.float64), given.astype(np.float64)
        self.right = self.truth * self.given
        self.support = self.truth.sum(axis=0)
        self.answers = self.given.sum(axis=0)
        self.true_count = float(self.support.sum())
        self.given_count = float(self.answers.sum())
        self.either_count = self.true_count + self.given_count - float(self.right.sum())
        self._each = Ranking.of(truth, probabilities)
        self._pooled = Ranking.of(truth.reshape(-1, 1), probabilities.reshape(-1, 1))

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        """{figure: (classes,), or (1,) for those of all labels pooled}, NaN where it means nothing.

        A label that is never given has precision 0 where pictures have it.
        """
        right, true, said = (weights @ counted for counted in (self.right, self.truth, self.given))
        average, area = self._each.figures(weights)
        pooled, _ = self._pooled.figures(np.repeat(weights, self.truth.shape[1]))
        sums = [np.array([counted.sum()]) for counted in (right, true, said)]
        known = dict(zip(EVERY, (*_agreement(right, true, said), average, area), strict=True))
        micro = {f"micro_{n}": f for n, f in zip(MICRO, _agreement(*sums), strict=True)}
        return known | micro | {"micro_average_precision": pooled}


@dataclass(frozen=True)
class DrawnScores:
    """`values`: {figure: (k,)} as measured; `draws`: {figure: (resamples, k)}."""

    values: dict[str, Floats]
    draws: dict[str, Floats]
    resampling: Resampling

    @classmethod
    def of(cls, scores: LabelScores, resampling: Resampling) -> DrawnScores:
        """Measure `scores` once as they are, and once for each resample."""
        values = scores(np.ones(len(scores.truth)))
        sizes = [len(value) for value in values.values()]
        rows = resampling.draws(lambda weights: np.concatenate(list(scores(weights).values())))
        parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
        return cls(values, dict(zip(values, parts, strict=True)), resampling)

    def pooled(self, name: str, trials: float) -> Figure:
        """A figure of all labels pooled."""
        value = float(self.values[name][0])
        return score_of_draws(value, self.draws[name][:, 0], trials, self.resampling)

    def averaged(self, name: str, support: Floats) -> Figure:
        """The mean over the labels that the figure means something for, in each resample."""
        known = np.isfinite(self.values[name])
        draws = self.draws[name][:, known]
        some = np.isfinite(draws).any(axis=1)
        value = float(self.values[name][known].mean())
        held = support[known & (support > 0)]
        trials = len(held) ** 2 / float((1 / held).sum())  # Kish 1965, as for single labels
        return score_of_draws(value, np.nanmean(draws[some], axis=1), trials, self.resampling)

    def of_class(self, name: str, place: int, trials: float) -> Figure | None:
        """The figure of one label; None where it means nothing."""
        value = float(self.values[name][place])
        if not np.isfinite(value):
            return None
        return score_of_draws(value, self.draws[name][:, place], trials, self.resampling)


def score_of_draws(value: float, draws: Floats, trials: float, resampling: Resampling) -> Figure:
    """A score in [0, 1] by those resamples in which it means something."""
    meant = draws[np.isfinite(draws)]
    if len(meant) < 2:
        return Figure(value, 0.0, 1.0)
    return score_figure(min(max(value, 0.0), 1.0), meant, trials, resampling)


def _agreement(right: Floats, true: Floats, said: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1; NaN where no picture has the label."""
    nowhere = np.where(true > 0, 0.0, np.nan)
    precision = np.divide(right, said, out=nowhere.copy(), where=(said > 0) & (true > 0))
    recall = np.divide(right, true, out=nowhere.copy(), where=true > 0)
    f1 = np.divide(2 * right, true + said, out=nowhere.copy(), where=true > 0)
    return precision, recall, f1
