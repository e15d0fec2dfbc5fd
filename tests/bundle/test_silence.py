"""Of the answers that are given, no more are wrong than was promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.bundle.held_out import HeldOut, read_held_out, write_held_out
from linnaeus.bundle.promises import Promise
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


def held_out_of(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], groups: NDArray[np.int64] | None
) -> HeldOut:
    """What a bundle of two classes keeps of answers that are all for the first class."""
    probabilities = np.column_stack([confidence, 1 - confidence])
    names = [f"{place}.jpg" for place in range(len(confidence))]
    return HeldOut.of(names, probabilities, np.where(right, 0, 1), groups)


def test_the_promised_error_is_kept_where_pictures_come_in_groups() -> None:
    """Twenty pictures of each of a hundred patients: with each one counted it is mostly broken."""
    random = np.random.default_rng(0)
    kept = {"one of each": 0, "all": 0}
    for _ in range(100):
        sure = random.uniform(0.5, 1, 4000)
        right = random.random(4000) < 0.5 + 0.5 * sure  # wrong in 0 to 25 of 100 patients
        sure, right = np.repeat(sure, 20), np.repeat(right, 20)
        groups = np.repeat(np.arange(100), 20)
        for how, given_groups in (("one of each", groups), ("all", None)):
            rule = held_out_of(sure[:2000], right[:2000], given_groups).silence(0.1)
            given = sure[2000:] >= rule.confidence
            kept[how] += not given.any() or (~right[2000:][given]).mean() <= 0.1
    assert kept["one of each"] >= 95
    assert kept["all"] < 80


def test_groups_are_kept_in_the_bundle_and_told(tmp_path: Path) -> None:
    sure, right = np.linspace(0.6, 1, 400), np.ones(400, bool)
    write_held_out(tmp_path, held_out_of(sure, right, np.arange(400) // 10))
    held_out = read_held_out(tmp_path)
    assert held_out is not None
    assert held_out.silence(0.02).answered == 0  # forty tell too little
    rule = held_out.silence(0.2)
    assert (rule.pictures, rule.groups) == (400, 40)
    assert rule.answered == (sure >= rule.confidence).mean() > 0.9
    halved = held_out.subset(np.arange(0, 400, 2)).silence(0.2)
    assert (halved.pictures, halved.groups) == (200, 40)
    of_sets, of_silence = Promise.of(held_out, coverage=0.9, max_error=0.2).remarks(("a", "b"))
    assert "of 400 held-out pictures in 40 groups" in of_silence
    assert of_sets.startswith("The held-out pictures come in 40 groups, and label sets take each")


def test_groups_of_one_and_bundles_without_groups_count_every_picture(tmp_path: Path) -> None:
    confidence, right = answers(1, 1000)
    write_held_out(tmp_path, held_out_of(confidence, right, None))
    older = read_held_out(tmp_path)
    assert older is not None
    assert older.groups is None
    expected = confidence_needed(older.confidence, older.right, 0.1)
    assert older.silence(0.1) == expected
    assert held_out_of(confidence, right, np.arange(1000)).silence(0.1) == expected
    assert len(Promise.of(older, coverage=0.9, max_error=0.1).remarks(("a", "b"))) == 1
