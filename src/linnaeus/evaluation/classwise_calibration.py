"""Classwise calibration error: whether the probability of every class, likeliest or not, is right.

Kull and others 2019, with the bins of `reliability`, and freed of its bias in the same way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.calibration_noise import calibration_noise, effect_in_bins
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import FEWEST_RESAMPLES, Resampling
from linnaeus.evaluation.label_agreement import over_cells
from linnaeus.evaluation.reliability import BINS, bin_of_each, chance_alone, missed_at_most
from linnaeus.evaluation.unified_interval import Noise, unified_interval

__all__ = ["classwise_calibration_error"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

# Probabilities to be added up over all resamples: about two seconds on one core.
MOST_ADDED = 500_000_000
MOST_HELD = 5_000_000  # sums of bins, of all resamples: 40 megabytes

AS_LIKELY = 0.2
"""How much of an error larger than likely is taken to lie as the likely one does: classes go wrong
alike. With none of it, 97 to 100 of 100 intervals held the truth of several kinds of simulated
tests, with three tenths 87 of the worst kind. Errors of the likeliest class alone show no such
gain."""

MANY_CLASSES = 10  # of fewer, what they tell together is hardly more than what each does


def classwise_calibration_error(
    labels: Places, probabilities: Floats, resampling: Resampling
) -> Figure:
    """The mean over the classes of how far probability and frequency lie apart, in [0, 1].

    Chance is taken off the mean, not off each class: what lies below 0 there would be lost, and
    the mean of what is left lies too high.

    `labels` (n,), `probabilities` (n, classes). Many pictures of many classes are resampled less
    often than others, though a hundred times at least.
    """
    classes = probabilities.shape[1]
    gaps = probabilities - (labels[:, None] == np.arange(classes))
    columns = np.stack([bin_of_each(probabilities[:, at]) for at in range(classes)], axis=1)
    effect = effect_in_bins(columns, gaps, resampling)
    bins = columns + BINS * np.arange(classes)
    chance = chance_alone(bins.ravel(), probabilities.ravel(), effect)
    binned = np.bincount(bins.ravel(), weights=gaps.ravel()) / gaps.size
    value = float(np.sqrt(max(np.abs(binned).sum() ** 2 - chance**2, 0.0)))
    if resampling.groups < 2:
        return Figure.around(value, 0.0, 1.0)
    noise = _noise(bins, probabilities, gaps, resampling, effect)
    low, high = unified_interval(binned, noise)
    return Figure.around(value, low, max(high, _unseen(labels, probabilities, resampling)))


def _unseen(labels: Places, probabilities: Floats, resampling: Resampling) -> float:
    """Where all answers were right, the resamples cannot know of mistakes.

    A mistake moves the frequency of two classes, that which it was and that which was answered.
    """
    if (probabilities.argmax(axis=1) != labels).any():
        return 0.0
    return missed_at_most(resampling) * 2 / int(probabilities.shape[1])


def _noise(
    bins: Places, probabilities: Floats, gaps: Floats, by: Resampling, effect: float
) -> Noise:
    """Of all classes at once, since a picture that is one of them is none of the others.

    Most pictures are surely none of a class, so the last of its bins reaches from there to 1.
    """
    up_to = probabilities.cumsum(axis=1)
    up_to /= up_to[:, -1:]
    pictures = np.arange(len(bins))

    def hits(random: np.random.Generator) -> Places:
        drawn: Places = bins[pictures, (up_to < random.random((len(bins), 1))).sum(axis=1)]
        return drawn

    often = min(by.resamples, MOST_ADDED // gaps.size, MOST_HELD // (int(bins.max()) + 1))
    cells = over_cells(replace(by, resamples=max(FEWEST_RESAMPLES, often)), gaps.shape[1])
    flat = bins.ravel(), probabilities.ravel(), gaps.ravel()
    noise = calibration_noise(*flat, cells, None if by.grouped else hits, effect)
    noise = replace(noise, as_likely=AS_LIKELY)
    if by.grouped or gaps.shape[1] < MANY_CLASSES:
        return noise
    return replace(noise, expected=_as_in_all_classes(*flat), estimated=BINS)


def _as_in_all_classes(bins: Places, probabilities: Floats, gaps: Floats) -> Floats:
    """The gap to be expected in each bin from those of all classes at its place, shares of n.

    What is too sure of one class is mostly so of others. With many classes hardly a picture in a
    bin is of its class, and no bin tells by itself what all of them tell together. In proportion
    to the variance of coin flips, as a temperature has it, and drawn to 0 as far as noise may be
    all of it.
    """
    flips = np.bincount(bins, weights=probabilities * (1 - probabilities))
    place = np.arange(len(flips)) % BINS
    seen = np.bincount(place, weights=np.bincount(bins, weights=gaps), minlength=BINS)
    variance = np.bincount(place, weights=flips, minlength=BINS)
    slope = np.divide(seen, variance, out=np.zeros(BINS), where=variance > 0)
    certain = np.divide(variance, seen**2, out=np.ones(BINS), where=seen != 0)
    expected: Floats = (slope * np.maximum(1 - certain, 0.0))[place] * flips / len(gaps)
    return expected
