"""What a confidence of about 90 % is worth: how often answers given with it are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.intervals import Resampling, share_among
from linnaeus.evaluation.reliability import ReliabilityBin

__all__ = ["ENOUGH", "sure_answers"]

Floats = NDArray[np.float64]
Right = NDArray[np.bool_]

SURE = (0.8, 0.97)  # confidences that people call "about 90 %"
ENOUGH = 20
"""Answers, below which nothing is said of what confidence is worth."""


def sure_answers(
    confidence: Floats, right: Right, bins: Sequence[ReliabilityBin], by: Resampling
) -> ReliabilityBin | None:
    """Those of the `bins` of `confidence` (n,) that people call about 90 %, as one.

    Its interval heeds groups, as those of the bins do; answers of a single group promise nothing.
    None where there are too few.
    """
    sure = [one for one in bins if SURE[0] <= one.mean_confidence <= SURE[1]]
    images = sum(one.images for one in sure)
    if images < ENOUGH:
        return None
    inside = np.any([(one.low <= confidence) & (confidence <= one.high) for one in sure], axis=0)
    said = sum(one.mean_confidence * one.images for one in sure) / images
    low, high = sure[0].low, sure[-1].high
    return ReliabilityBin(
        low, high, images, min(max(said, low), high), share_among(right, inside, by)
    )
