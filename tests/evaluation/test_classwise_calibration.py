"""The classwise calibration error of many classes: its interval holds what is true of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.classwise_calibration import classwise_calibration_error
from linnaeus.evaluation.intervals import Resampling

Floats = NDArray[np.float64]

CLASSES, SKILL, SHARPNESS = 50, 3.0, 0.7  # sharpness 1 is calibrated, less is too unsure


def made_up(pictures: int, seed: int) -> tuple[NDArray[np.int64], Floats]:
    """Labels, and probabilities that are less sure than they might be."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, pictures)
    evidence = random.normal(size=(pictures, CLASSES))
    evidence[np.arange(pictures), labels] += SKILL
    powers = np.exp(SKILL * SHARPNESS * (evidence - evidence.max(axis=1, keepdims=True)))
    return labels, powers / powers.sum(axis=1, keepdims=True)


def test_eight_pictures_a_class_tell_that_all_are_too_unsure() -> None:
    """35 of 40 intervals are to be expected to hold the truth, with each bin by itself 16."""
    everything = made_up(60_000, 1)
    truth = classwise_calibration_error(*everything, Resampling.of(60_000, None, 100)).value
    assert 0.003 < truth < 0.006
    held = 0
    for seed in range(40):
        tested = made_up(400, 100 + seed)
        figure = classwise_calibration_error(*tested, Resampling.of(400, None, 200, seed))
        held += figure.low <= truth <= figure.high
    assert held >= 26
