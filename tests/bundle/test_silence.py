"""Of the answers that are given, no more are wrong than was promised."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.bundle.silence import confidence_needed, upper_bound
from linnaeus.errors import UsageError


def answers(seed: int, pictures: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Calibrated confidences of a classifier that is right about nine times in ten."""
    random = np.random.default_rng(seed)
    confidence = 1 - random.beta(0.5, 4.0, pictures)
    return confidence, random.random(pictures) < confidence


def test_the_promised_error_is_kept_in_nearly_all_splits() -> None:
    confidence, right = answers(0, 15_000)
    kept, answered = 0, []
    for split in range(100):
        order = np.random.default_rng(split).permutation(15_000)
        old, new = order[:5000], order[5000:]
        rule = confidence_needed(confidence[old], right[old], 0.02)
        given = confidence[new] >= rule.confidence
        kept += (~right[new][given]).mean() <= 0.02
        answered.append(given.mean())
    assert kept >= 95
    assert np.mean(answered) > 0.3  # and it is not kept by saying nothing


@pytest.mark.parametrize(("wrong", "given"), [(0, 100), (3, 250), (50, 5000), (9, 10)])
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, given: int) -> None:
    beta = pytest.importorskip("scipy.stats").beta
    assert upper_bound(wrong, given, 0.95) == pytest.approx(
        beta.ppf(0.95, wrong + 1, given - wrong), abs=1e-9
    )


def test_too_few_held_out_pictures_promise_nothing() -> None:
    rule = confidence_needed(np.full(100, 0.99), np.ones(100, bool), 0.02)
    assert rule.answered == 0
    assert not (np.array([1.0]) >= rule.confidence).any()


def test_a_faultless_classifier_answers_everything_where_there_is_enough_to_tell() -> None:
    rule = confidence_needed(np.linspace(0.5, 1, 400), np.ones(400, bool), 0.02)
    assert rule.answered == 1
    assert rule.confidence == 0.5


def test_equal_confidences_are_answered_together_or_not_at_all() -> None:
    confidence = np.repeat([0.99, 0.6], [600, 400])
    right = np.concatenate([np.ones(600, bool), np.arange(400) % 2 == 0])
    rule = confidence_needed(confidence, right, 0.05)
    assert rule.confidence == 0.99
    assert rule.answered == pytest.approx(0.6)


@pytest.mark.parametrize("error", [0.0, 1.0, 2.0, float("nan")])
def test_what_is_no_share_is_refused(error: float) -> None:
    with pytest.raises(UsageError, match="is no share"):
        confidence_needed(np.ones(10), np.ones(10, bool), error)
