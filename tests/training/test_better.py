"""Whether one network is better than another, and what is only noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.training.better import compare, quality

LABELS = np.arange(200) % 4


def logits(margin: float, wrong: int = 0, seed: int = 0) -> NDArray[np.float32]:
    """Answers to 200 pictures: noise, with `margin` for the true class but in the first `wrong`."""
    given = np.random.default_rng(seed).normal(size=(200, 4)).astype(np.float32)
    given[np.arange(wrong, 200), LABELS[wrong:]] += margin
    return given


def test_surer_of_the_truth_picture_by_picture_is_better() -> None:
    assert compare(logits(3.0), logits(1.0), LABELS).better
    assert not compare(logits(1.0), logits(3.0), LABELS).better


def test_the_same_answers_are_no_better_and_neither_are_louder_ones() -> None:
    """A network that says the same with more confidence differs only by what calibration mends."""
    same = compare(logits(2.0), logits(2.0), LABELS)
    assert not same.better
    assert "not clearly better" in same.why
    assert not compare(3 * logits(2.0), logits(2.0), LABELS).better
    louder = quality(3 * logits(2.0), LABELS).log_loss
    assert louder == pytest.approx(quality(logits(2.0), LABELS).log_loss, abs=0.01)


def test_luck_is_not_taken_for_better() -> None:
    """Of networks that differ by noise alone, about one in six is one standard error better."""
    pairs = [(logits(2.0, seed=s), logits(2.0, seed=100 + s)) for s in range(40)]
    assert sum(compare(new, old, LABELS).better for new, old in pairs) < 14


def test_without_pictures_nothing_is_better_and_nothing_is_known() -> None:
    none, nobody = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    assert not compare(none, none, nobody).better
    assert math.isnan(quality(none, nobody).accuracy)


def test_accuracy_and_log_loss_are_what_they_are_called() -> None:
    half = np.tile(np.array([[9, 0], [0, 9], [9, 0], [0, 9]], np.float32), (100, 1))
    reached = quality(half, np.tile(np.array([0, 0, 1, 1]), 100))
    assert reached.accuracy == 0.5
    assert reached.log_loss == pytest.approx(math.log(2), abs=0.02), "calibrated to a coin"


def test_answers_of_sets_are_compared_alike() -> None:
    truth = np.random.default_rng(3).random((200, 4)) < 0.3
    noise = np.random.default_rng(4).normal(size=(200, 4)).astype(np.float32)
    sure, unsure = (noise + margin * np.where(truth, 1, -1).astype(np.float32) for margin in (3, 1))
    assert compare(sure, unsure, truth).better
    assert not compare(unsure, sure, truth).better
    assert quality(sure, truth).accuracy > quality(unsure, truth).accuracy
