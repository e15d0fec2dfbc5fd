"""Reliability: whether answers given with 90 % confidence are right 90 times in 100."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.calibration_noise import (
    calibration_noise,
    chance_of,
    effect_in_bins,
    flips_of_bins,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, share_among
from linnaeus.evaluation.unified_interval import unified_interval
from linnaeus.wilson import wilson

__all__ = [
    "BINS",
    "ReliabilityBin",
    "bin_of_each",
    "calibration_error",
    "chance_alone",
    "label_calibration_error",
    "missed_at_most",
    "raw_error",
    "reliability_bins",
]

Floats = NDArray[np.float64]

BINS = 15
MOST_DEGREES = 40.0  # of freedom, that few groups give


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of like confidence: how sure they were on average, and how often right."""

    low: float
    high: float
    images: int
    mean_confidence: float
    accuracy: Figure

    def to_json(self) -> dict[str, Any]:
        """The bin as metrics.json has it."""
        return {
            "low": self.low,
            "high": self.high,
            "images": self.images,
            "mean_confidence": self.mean_confidence,
            "accuracy": self.accuracy.to_json(),
        }


def reliability_bins(
    confidence: Floats, right: NDArray[np.bool_], by: Resampling
) -> tuple[ReliabilityBin, ...]:
    """Up to 15 bins of equally many answers, by rising confidence; equal confidences stay together.

    `confidence`: (n,) float64 in [0, 1], the likeliest class's probability; `right`: (n,) bool.
    """
    bins = bin_of_each(confidence)
    found = []
    for number in range(BINS):
        inside = bins == number
        if images := int(inside.sum()):
            sure = confidence[inside]
            accuracy = share_among(right, inside, by)
            mean = min(max(float(sure.mean()), float(sure.min())), float(sure.max()))
            found.append(
                ReliabilityBin(float(sure.min()), float(sure.max()), images, mean, accuracy)
            )
    return tuple(found)


def calibration_error(
    confidence: Floats, right: NDArray[np.bool_], resampling: Resampling
) -> Figure:
    """The expected calibration error (ECE) of the likeliest class, freed of its bias.

    The raw error is the mean over the 15 bins of |mean confidence - accuracy|, weighted by size
    (Naeini and others 2015; bins of equal mass: Nixon and others 2019). Noise alone makes it
    positive: by `chance`, what a perfectly calibrated model would show on as many pictures. Both
    add up as the legs of a right triangle do, nearly, so the figure is sqrt(raw² - chance²), and 0
    where chance explains it all. The interval is unified, so that it begins at 0 in 95 of 100
    tests of a calibrated model.
    """
    gaps = confidence - right
    bins = bin_of_each(confidence)
    effect = effect_in_bins(bins[:, None], gaps[:, None], resampling)
    chance = chance_alone(bins, confidence, effect)
    value = float(np.sqrt(max(0.0, raw_error(confidence, right) ** 2 - chance**2)))
    if resampling.groups < 2:
        return Figure.around(value, 0.0, 1.0)

    def hits(random: np.random.Generator) -> NDArray[np.int64]:
        return bins[random.random(len(bins)) < confidence]

    alone = None if resampling.grouped else hits
    noise = calibration_noise(bins, confidence, gaps, resampling, alone, effect)
    low, high = unified_interval(np.bincount(bins, weights=gaps) / len(gaps), noise)
    high = max(high, _together(gaps, resampling), _unseen(confidence, right, resampling))
    return Figure.around(value, low, high)


def label_calibration_error(
    probabilities: Floats, truth: NDArray[np.bool_], cells: Resampling
) -> Figure:
    """`calibration_error` of each yes or no: `probabilities` and `truth` are (n times classes,).

    Where every yes and no at one half is right, the resamples cannot know of mistakes.
    """
    found = calibration_error(probabilities, truth, cells)
    if ((probabilities >= 0.5) != truth).any():
        return found
    return Figure.around(found.value, found.low, max(found.high, missed_at_most(cells)))


def _together(gaps: Floats, by: Resampling) -> float:
    """How far from 0 the mean of `gaps` (n,) may lie, in few groups: the error is no less than it.

    All pictures of a group may be too sure together, which moves all bins alike. By what is seen
    of bins one by one, of 11 to 40 groups 80 to 92 of 100 intervals held the truth of such; of more
    groups 93 to 96 do.
    """
    if not by.grouped or by.degrees > MOST_DEGREES:
        return 0.0
    mean = float(gaps.mean())
    return min(1.0, abs(mean) + by.z * sqrt(by.variance((gaps - mean) / len(gaps))))


def missed_at_most(resampling: Resampling) -> float:
    """The share of mistakes that may have been missed where none was seen, by Wilson's interval.

    All that belongs together counts once.
    """
    return 1.0 - wilson(1.0, resampling.groups)[0]


def raw_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """The calibration error with its bias: to compare two calibrations of the same answers."""
    gaps = np.bincount(bin_of_each(confidence), weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum()) / len(confidence)


def bin_of_each(confidence: Floats) -> NDArray[np.int64]:
    """(n,) the bin, from 0 to 14 by rising confidence, that each answer falls into."""
    edges = np.quantile(confidence, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, confidence).astype(np.int64)


def chance_alone(bins: NDArray[np.int64], probabilities: Floats, effect: float) -> float:
    """The raw error to be expected of a calibrated model.

    Independent pictures vary as coin flips; pictures of one group more, by the design `effect`.
    """
    return chance_of(effect * flips_of_bins(bins, probabilities))


def _unseen(confidence: Floats, right: NDArray[np.bool_], resampling: Resampling) -> float:
    """Where all answers were right, or none, the resamples cannot know of the other kind."""
    share = float(right.mean())
    if 0 < share < 1:
        return 0.0
    return max(abs(float(confidence.mean()) - end) for end in wilson(share, resampling.groups))
