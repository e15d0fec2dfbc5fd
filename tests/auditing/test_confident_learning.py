"""Confident learning against its published formula, and against cleanlab."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.auditing.confident_learning import confident_joint, share_of_errors

CLASSES = 4


def answers(seed: int, count: int = 400) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Probabilities of a fair classifier, and labels of which a tenth is wrong."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, CLASSES, count)
    logits = 2 * random.standard_normal((count, CLASSES)) + 4 * np.eye(CLASSES)[truth]
    exponentials = np.exp(logits)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    labels = np.where(random.random(count) < 0.1, random.integers(0, CLASSES, count), truth)
    return probabilities.astype(np.float32), labels


def as_published(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Equations 1 and 2 of the paper, picture by picture."""
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    mean = [probabilities[labels == c, c].mean(dtype=np.float64) for c in range(CLASSES)]
    for row, given_label in zip(probabilities, labels, strict=True):
        passed = [c for c in range(CLASSES) if row[c] >= mean[c]]
        if passed:
            counts[given_label, max(passed, key=lambda c: row[c])] += 1
    return counts


@given(st.integers(0, 10_000))
def test_the_counts_are_those_of_the_published_formula(seed: int) -> None:
    probabilities, labels = answers(seed)
    joint = confident_joint(probabilities, labels)
    np.testing.assert_array_equal(joint.counts, as_published(probabilities, labels))


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_estimate_agree_with_cleanlab(seed: int) -> None:
    count = pytest.importorskip("cleanlab.count", reason="cleanlab is not installed")
    probabilities, labels = answers(seed, 2_000)
    joint = confident_joint(probabilities, labels)
    theirs = count.compute_confident_joint(labels, probabilities, calibrate=False)
    # Of several classes above their thresholds cleanlab takes the most probable of all classes.
    assert np.abs(joint.counts - theirs).sum() <= 0.005 * len(labels)
    calibrated = count.compute_confident_joint(labels, probabilities, calibrate=True)
    errors = calibrated.sum() - np.trace(calibrated)
    assert joint.errors == pytest.approx(errors, rel=0.05)


def test_a_sure_contradiction_is_told_and_agreement_is_none() -> None:
    probabilities = np.full((20, 2), 0.1, np.float32)
    labels = np.repeat([0, 1], 10)
    probabilities[np.arange(20), labels] = 0.9
    labels[0] = 1
    joint = confident_joint(probabilities, labels)
    np.testing.assert_array_equal(joint.counts, [[9, 0], [1, 10]])
    assert joint.errors == pytest.approx(1)


def test_a_class_that_nobody_was_given_is_never_likely() -> None:
    probabilities = np.full((10, 3), [0.1, 0.1, 0.8], np.float32)
    joint = confident_joint(probabilities, np.arange(10) % 2)
    assert not joint.counts[:, 2].any()


def test_the_share_of_errors_holds_what_was_planted_for_a_strong_model() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, CLASSES, 5_000)
    logits = random.standard_normal((5_000, CLASSES)) + 6 * np.eye(CLASSES)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = random.random(5_000) < 0.08
    labels = np.where(wrong, (truth + 1) % CLASSES, truth)
    share = share_of_errors(probabilities.astype(np.float32), labels)
    assert share.low < 0.08 < share.high
    assert share.high - share.low < 0.04
