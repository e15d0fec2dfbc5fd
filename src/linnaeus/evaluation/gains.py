"""How much better one classifier is than another on the very same pictures, with the interval.

Picture by picture: what both find easy, or both find hard, says nothing of which is better, and
the interval of the difference is narrower for it than those of the two figures.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, mean_figure, student_t
from linnaeus.evaluation.metrics import MOST_LOG_LOSS, log_losses

__all__ = ["accuracy_gain", "log_loss_gain", "right_gain"]

Probabilities = NDArray[np.floating]
Labels = NDArray[np.int64]


def accuracy_gain(
    new: Probabilities, old: Probabilities, labels: Labels, resampling: Resampling
) -> Figure:
    """The accuracy of `new` (n, classes) minus that of `old`, as `right_gain` has it."""
    right, was_right = (given.argmax(axis=1) == labels for given in (new, old))
    return right_gain(right, was_right, resampling)


def right_gain(
    right: NDArray[np.bool_], was_right: NDArray[np.bool_], resampling: Resampling
) -> Figure:
    """How much more often (n,) `right` than `was_right` is true, in [-1, 1].

    Bonett and Price's interval (2012), Wald's with one picture more of each kind of disagreement:
    it holds what it promises also where there are few. Where the pictures come in groups, it is
    made wider by how much more the difference varies from group to group than it would without. A
    single group says nothing of that.
    """
    count = len(right)
    difference = right.astype(np.float64) - was_right
    if resampling.grouped and resampling.groups < 2:
        return Figure(float(difference.mean()), -1.0, 1.0)
    won = (int((right & ~was_right).sum()) + 1) / (count + 2)
    lost = (int((was_right & ~right).sum()) + 1) / (count + 2)
    error = sqrt((won + lost - (won - lost) ** 2) / (count + 2))
    wider = resampling.design_effect((difference - difference.mean()) / count)
    reach = student_t(resampling) * error * sqrt(wider)
    centre = won - lost
    return Figure.around(difference.mean(), max(-1.0, centre - reach), min(1.0, centre + reach))


def log_loss_gain(
    new: Probabilities, old: Probabilities, labels: Labels, resampling: Resampling
) -> Figure:
    """The log loss of `new` (n, classes) minus that of `old`, in nats: below 0, `new` is better."""
    difference = log_losses(labels, new) - log_losses(labels, old)
    return mean_figure(difference, MOST_LOG_LOSS, resampling, least=-MOST_LOG_LOSS)
