"""Classwise calibration error: whether the probability of every class, likeliest or not, is right.

Kull and others 2019, with the bins of `reliability`, and freed of its bias in the same way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import FEWEST_RESAMPLES, TAILS, Resampling
from linnaeus.evaluation.reliability import BINS, bin_of_each, chance_alone

__all__ = ["classwise_calibration_error"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

# Probabilities to be added up over all resamples: about two seconds on one core.
MOST_ADDED = 500_000_000


def classwise_calibration_error(
    labels: Places, probabilities: Floats, resampling: Resampling
) -> Figure:
    """The mean over the classes of how far probability and frequency lie apart, in [0, 1].

    Chance is taken off the mean, not off each class: what lies below 0 there would be lost, and
    the mean of what is left lies too high.

    `labels` (n,), `probabilities` (n, classes). Many pictures of many classes are resampled less
    often than others, though a hundred times at least.
    """
    pictures, classes = probabilities.shape
    truth = labels[:, None] == np.arange(classes)
    gaps = probabilities - truth
    columns = [bin_of_each(probabilities[:, at]) for at in range(classes)]
    bins = np.stack([column + BINS * at for at, column in enumerate(columns)], axis=1).ravel()

    def binned(cells: Floats) -> Floats:
        sums = np.bincount(bins, weights=cells.ravel(), minlength=BINS * classes)
        return sums.astype(np.float64)

    often = max(FEWEST_RESAMPLES, min(resampling.resamples, MOST_ADDED // gaps.size))
    draws = replace(resampling, resamples=often).draws(
        lambda weights: binned(weights[:, None] * gaps) / weights.sum()
    )
    each = [
        chance_alone(probabilities[:, at], gaps[:, at], columns[at], resampling)
        for at in range(classes)
    ]
    chance = sum(each) / classes
    raw = np.abs(binned(gaps)).sum() / pictures / classes
    drawn = np.abs(draws).sum(axis=1) / classes
    taken_off = np.array([2, 1]) * chance**2
    low, high = np.sqrt(np.maximum(np.quantile(drawn, TAILS) ** 2 - taken_off, 0.0))
    return Figure.around(float(np.sqrt(max(raw**2 - chance**2, 0.0))), low, high)
