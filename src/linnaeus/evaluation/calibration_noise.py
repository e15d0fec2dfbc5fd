"""Noise of calibration: how far chance moves probability and frequency apart, bin by bin."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.unified_interval import Noise
from linnaeus.randomness import generator
from linnaeus.wilson import Z

__all__ = ["calibration_noise"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def calibration_noise(
    bins: Places,
    probabilities: Floats,
    gaps: Floats,
    by: Resampling,
    hits: Callable[[np.random.Generator], Places] | None,
) -> Noise:
    """The noise of the sums of `gaps` (n,) in their `bins` (n,), shares of n.

    As seen, by resampling how the gaps of a bin lie about their mean, so far as the number of
    groups allows; and, where `probabilities` (n,) are right, by drawing which come true: `hits`
    gives the bin of each that does. None of that in groups: nothing tells how alike labels are
    there.
    """
    size = int(bins.max()) + 1
    count = np.maximum(np.bincount(bins, minlength=size), 1)
    apart = gaps - (np.bincount(bins, weights=gaps, minlength=size) / count)[bins]
    wider = by.z / Z * sqrt(by.groups / (by.groups - 1)) / len(gaps)
    seen = by.draws(lambda times: np.bincount(bins, weights=times * apart, minlength=size)) * wider
    if hits is None:
        return Noise(seen)
    random = generator(by.seed, "calibrated labels")
    expected = np.bincount(bins, weights=probabilities, minlength=size)
    drawn = [expected - np.bincount(hits(random), minlength=size) for _ in range(by.resamples)]
    return Noise(seen, np.array(drawn, np.float64) / len(gaps))
