"""The classwise calibration error of many classes: its interval holds what is true of them."""

from __future__ import annotations

import numpy as np
import pytest
from answers import random_answers
from numpy.typing import NDArray

from linnaeus.evaluation.classwise_calibration import classwise_calibration_error
from linnaeus.evaluation.intervals import Resampling

Floats = NDArray[np.float64]

SKILL = 3.0
EVERYTHING, TESTED = 60_000, 400  # pictures


def made_up(
    classes: int, sharpness: float, pictures: int, seed: int
) -> tuple[NDArray[np.int64], Floats]:
    """Labels, and probabilities: 1 is calibrated, less is too unsure, more is too sure."""
    answers = random_answers(seed, pictures, classes, skill=SKILL, sharpness=sharpness)
    return answers.labels, answers.probabilities.astype(np.float64)


@pytest.mark.parametrize(
    ("classes", "sharpness", "above", "below"),
    [
        pytest.param(50, 0.7, 0.003, 0.006, id="fifty too unsure"),
        pytest.param(100, 0.8, 0.0006, 0.0015, id="hundred too unsure"),
        pytest.param(100, 1.2, 0.0004, 0.0008, id="hundred too sure"),
    ],
)
def test_a_few_pictures_a_class_tell_how_wrong_all_are(
    classes: int, sharpness: float, above: float, below: float
) -> None:
    """Of 40 intervals 37 or more are to be expected to hold the truth.

    With variances as seen only where all that is seen is true, 35, 17 and 38 did; with each bin by
    itself 16 of the first.
    """
    everything = made_up(classes, sharpness, EVERYTHING, 1)
    truth = classwise_calibration_error(*everything, Resampling.of(EVERYTHING, None, 100)).value
    assert above < truth < below
    held = 0
    for seed in range(40):
        tested = made_up(classes, sharpness, TESTED, 100 + seed)
        figure = classwise_calibration_error(*tested, Resampling.of(TESTED, None, 200, seed))
        held += figure.low <= truth <= figure.high
    assert held >= 36
