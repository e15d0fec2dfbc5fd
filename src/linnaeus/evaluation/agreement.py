"""Agreement: how well answers and truth agree, as single figures from the confusion matrix."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.class_average import average_f1_figure, class_average_figure
from linnaeus.evaluation.confusion import Margins
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, spread_figure

__all__ = ["Agreement", "agreement"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """Averages over the classes, each counting alike (macro) or by its pictures (weighted).

    With one label and one answer a picture, micro averages and weighted recall are the accuracy.
    `kappa`: Cohen's (1960), None where only one class is seen and answered. `matthews_correlation`:
    for any number of classes (Gorodkin 2004), 0 where the answers, or the pictures, are all of one
    class. Both lie in [-1, 1].
    """

    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    weighted_precision: Figure
    weighted_f1: Figure
    kappa: Figure | None
    matthews_correlation: Figure

    def to_json(self, accuracy: Figure) -> dict[str, Any]:
        """What metrics.json has beside the macro averages, some of it the accuracy again."""
        same = ("micro_precision", "micro_recall", "micro_f1", "weighted_recall")
        figures = {name: f for name, f in asdict(self).items() if not name.startswith("macro")}
        return {name: accuracy.to_json() for name in same} | figures


def agreement(labels: Places, answers: Places, classes: int, resampling: Resampling) -> Agreement:
    """Measure `labels` (n,) against `answers` (n,), both positions of classes."""
    margins = Margins.of(labels, answers, classes)
    values = _scores(margins)
    draws = resampling.draws(lambda w: _scores(Margins.of(labels, answers, classes, w)))
    trials = margins.even_trials()
    kappa, matthews = (
        _correlation(float(values[column]), draws[:, column], trials, resampling)
        for column in (0, 1)
    )
    right, alike = labels == answers, (margins.true > 0) / (margins.true > 0).sum()
    weighted = margins.true / margins.true.sum()
    return Agreement(
        macro_precision=class_average_figure(right, answers, alike, resampling),
        macro_recall=class_average_figure(right, labels, alike, resampling),
        macro_f1=average_f1_figure(labels, answers, alike, resampling),
        weighted_precision=class_average_figure(right, answers, weighted, resampling, labels),
        weighted_f1=average_f1_figure(labels, answers, weighted, resampling, weighed=True),
        kappa=None if np.isnan(kappa.value) else kappa,
        matthews_correlation=matthews,
    )


def _scores(margins: Margins) -> Floats:
    """(2,) kappa, NaN where it has no meaning, and Matthews correlation."""
    return np.array([_kappa(margins), _matthews_correlation(margins)])


def _kappa(margins: Margins) -> float:
    pictures = margins.true.sum()
    by_chance = float(margins.true @ margins.said / pictures**2)
    if by_chance >= 1:
        return float("nan")
    return (float(margins.right.sum() / pictures) - by_chance) / (1 - by_chance)


def _matthews_correlation(margins: Margins) -> float:
    pictures = margins.true.sum()
    together = float(margins.right.sum() * pictures - margins.true @ margins.said)
    said = float(pictures**2 - margins.said @ margins.said)
    true = float(pictures**2 - margins.true @ margins.true)
    return together / sqrt(said * true) if said * true > 0 else 0.0


def _correlation(value: float, draws: Floats, trials: float, resampling: Resampling) -> Figure:
    """A figure in [-1, 1]: the interval is that of a score, stretched."""
    meant = draws[np.isfinite(draws)]
    if len(meant) < 2 or np.isnan(value):
        return Figure(value, -1.0, 1.0)
    variance = float(meant.var(ddof=1)) / 4 * resampling.groups / max(resampling.groups - 1, 1)
    score = spread_figure((value + 1) / 2, variance, trials, resampling, most=inf)
    return Figure.around(value, 2 * score.low - 1, 2 * score.high - 1)
