"""Thresholds of labels: half of the best F1, where validation has enough pictures to tell."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.calibration import fit_label_temperature
from linnaeus.evaluation.thresholds import choose_thresholds


def test_a_rare_label_is_given_from_below_one_half_and_that_finds_more() -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    chances = random.beta(0.5, 2.5, 4000)
    truth = random.random(4000) < chances  # calibrated by construction
    (threshold,) = choose_thresholds(chances[:2000, None].astype(np.float32), truth[:2000, None])
    assert 0.2 < threshold.value < 0.45
    chosen, even = (
        reference.f1_score(truth[2000:], chances[2000:] >= cut) for cut in (threshold.value, 0.5)
    )
    assert chosen > even + 0.03


def test_a_label_that_is_told_apart_without_mistake_keeps_one_half() -> None:
    truth = np.arange(40)[:, None] < 15
    (threshold,) = choose_thresholds(np.where(truth, 0.9, 0.1).astype(np.float32), truth)
    assert threshold.value == 0.5


@pytest.mark.parametrize("positives", [0, 1, 9, 100])
def test_too_few_pictures_with_the_label_or_without_it_keep_one_half_and_say_so(
    positives: int,
) -> None:
    truth = np.arange(100)[:, None] < positives
    chances = np.random.default_rng(0).random((100, 1)).astype(np.float32)
    (threshold,) = choose_thresholds(chances, truth)
    assert threshold.value == 0.5
    assert ("too few" if positives < 100 else "all validation pictures") in threshold.why


def test_the_temperature_of_labels_makes_validation_likelier_and_never_less_likely() -> None:
    random = np.random.default_rng(1)
    truth = random.random((500, 4)) < 0.3
    sensible = random.normal(size=(500, 4)) + np.where(truth, 1.0, -1.0)

    def loss(logits: np.ndarray) -> float:
        return float(np.logaddexp(0, np.where(truth, -logits, logits)).mean())

    for sharpness in (0.2, 1.0, 6.0):
        logits = sharpness * sensible
        assert loss(logits / fit_label_temperature(logits, truth)) <= loss(logits)
    overdone = 6 * sensible
    assert loss(overdone / fit_label_temperature(overdone, truth)) < 0.8 * loss(overdone)


def test_without_validation_nothing_is_calibrated_and_all_thresholds_are_one_half() -> None:
    found = Calibrated.on(np.zeros((0, 0), np.float32), np.zeros((0, 3), bool))
    assert found.calibration.method == "none"
    assert [threshold.value for threshold in found.thresholds] == [0.5] * 3
