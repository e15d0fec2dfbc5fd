"""Score intervals of averages over classes, against Wilson's, an optimiser, and by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from answers import answers_of, random_answers
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from linnaeus.evaluation.class_average import (
    average_f1_figure,
    class_average_figure,
    score_ends,
)
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.one_against_rest import one_against_rest
from linnaeus.wilson import Z, wilson

Floats = NDArray[Any]


@given(right=st.integers(0, 60), wrong=st.integers(0, 60))
def test_of_one_class_it_is_wilsons(right: int, wrong: int) -> None:
    trials = right + wrong
    if not trials:
        return
    share = np.array([right / trials])
    found = score_ends(share, np.array([float(trials)]), np.ones(1), Z)
    assert found == pytest.approx(wilson(share[0], trials), abs=1e-6)


def test_ends_are_the_likeliest_shares_that_lie_so_far_off() -> None:
    """At each end, an optimiser under the constraint finds shares with that very error."""
    right, trials, weights = (
        np.array([18, 7, 30]),
        np.array([20, 12, 33]),
        np.array([0.5, 0.3, 0.2]),
    )
    shares = right / trials
    for end in score_ends(shares, trials.astype(float), weights, Z):
        found = minimize(
            lambda p: -(right * np.log(p) + (trials - right) * np.log1p(-p)).sum(),
            np.full(3, end),
            bounds=[(1e-6, 1 - 1e-6)] * 3,
            constraints={"type": "eq", "fun": lambda p, end=end: weights @ p - end},
            options={"ftol": 1e-13},
        ).x
        error = np.sqrt((weights**2 * found * (1 - found) / trials).sum())
        assert abs(weights @ shares - end) / error == pytest.approx(Z, abs=0.01)


@given(
    counts=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=2, max_size=6),
    data=st.data(),
)
def test_ends_hold_the_value_and_mirror_with_mistakes(
    counts: list[tuple[int, int]], data: st.DataObject
) -> None:
    known = [(r, w) for r, w in counts if r + w]
    if not known:
        return
    right, of = _rows(known)
    weights = np.full(len(known), 1 / len(known))
    by = Resampling.of(len(right))
    found = class_average_figure(right, of, weights, by)
    mirrored = class_average_figure(~right, of, weights, by)
    assert 0 <= found.low <= found.value <= found.high <= 1 + 1e-12
    by_chance = sum(r + w == 1 for r, w in known) > 1  # others then may be unanswered so, and are 0
    if len(right) > 1 and not by_chance:
        ends = [found.low, found.high]
        assert ends == pytest.approx([1 - mirrored.high, 1 - mirrored.low], abs=1e-9)


def _rows(counts: list[tuple[int, int]]) -> tuple[NDArray[Any], NDArray[Any]]:
    right = np.concatenate([np.repeat([True, False], pair) for pair in counts])
    return right, np.repeat(np.arange(len(counts)), [sum(pair) for pair in counts])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "accuracies", "pictures"),
    [
        pytest.param([0.01] * 100, [0.8, 0.9, 0.95, 1.0] * 25, 400, id="four pictures a class"),
        pytest.param([0.49, 0.48, 0.03], [0.98, 0.97, 0.7], 400, id="a rare class"),
        pytest.param([0.4, 0.3, 0.2, 0.1], [0.99, 0.98, 0.97, 0.9], 200, id="few mistakes"),
        pytest.param([0.8, 0.2], [0.95, 0.7], 250, id="two uneven classes"),
    ],
)
def test_95_in_100_hold_the_truth_where_classes_are_small_or_mistakes_few(
    shares: list[float], accuracies: list[float], pictures: int
) -> None:
    """600 draws; they scatter by 0.9 %, and small classes allow few different intervals."""
    random = np.random.default_rng(0)
    truth, held = float(np.mean(accuracies)), 0
    for _ in range(600):
        of = random.choice(len(shares), pictures, p=shares)
        right = random.random(pictures) < np.array(accuracies)[of]
        present = np.bincount(of, minlength=len(shares)) > 0
        by = Resampling.of(pictures)
        figure = class_average_figure(right, of, present / present.sum(), by)
        held += figure.low <= truth <= figure.high
    assert 0.935 <= held / 600 <= 0.975


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "pictures", "skill"), [(100, 400, 3.0), (50, 150, 2.0)])
def test_95_in_100_hold_averages_that_few_pictures_a_class_bias(
    classes: int, pictures: int, skill: float
) -> None:
    """Of four and three pictures, 400 draws; unshifted, 58 to 88 of 100 held the truth."""
    crowd = random_answers(1, 40_000, classes, skill=skill)
    truth = _averages(crowd.labels, crowd.probabilities)
    held = dict.fromkeys(truth, 0)
    random = np.random.default_rng(0)
    for _ in range(400):
        rows = random.integers(0, len(crowd.labels), pictures)
        for name, figure in _averages(crowd.labels[rows], crowd.probabilities[rows]).items():
            held[name] += figure.low <= truth[name].value <= figure.high
    for name, count in held.items():
        assert 0.9 <= count / 400 <= 0.99, (name, held)


@pytest.mark.slow
def test_95_in_100_hold_macro_precision_where_some_classes_are_never_answered() -> None:
    """600 draws; 91 of 100 held the truth where what is not answered was taken for certain."""
    classes, pictures = 50, 150
    crowd = random_answers(1, 60_000, classes, skill=3.0)
    said = crowd.probabilities.argmax(axis=1)
    truth = class_average_figure(
        said == crowd.labels, said, np.full(classes, 1 / classes), Resampling.of(60_000)
    )
    random, held = np.random.default_rng(0), 0
    for _ in range(600):
        rows = random.integers(0, 60_000, pictures)
        labels, answers = crowd.labels[rows], said[rows]
        has = np.bincount(labels, minlength=classes) > 0
        by = Resampling.of(pictures)
        figure = class_average_figure(labels == answers, answers, has / has.sum(), by)
        held += figure.low <= truth.value <= figure.high
    assert 0.93 <= held / 600 <= 0.975


def test_a_class_that_answers_never_name_leaves_the_interval_as_it_is() -> None:
    """All of 1,000 pictures are called class 0, which a tenth are not: that class 1 counts 0 is
    no chance."""
    right, of = np.arange(1000) >= 100, np.zeros(1000, np.int64)
    alone = class_average_figure(right, of, np.array([1.0, 0.0]), Resampling.of(1000))
    both = class_average_figure(right, of, np.array([0.5, 0.5]), Resampling.of(1000))
    assert [both.low, both.high] == pytest.approx([alone.low / 2, alone.high / 2])


def _averages(labels: NDArray[Any], probabilities: NDArray[Any]) -> dict[str, Figure]:
    """Those that are biased."""
    said, exact = probabilities.argmax(axis=1), probabilities.astype(np.float64)
    count = np.bincount(labels, minlength=exact.shape[1])
    by, shares, has = Resampling.of(len(labels)), count / len(labels), count > 0
    names = tuple(map(str, range(len(count))))
    truth = labels[:, None] == np.arange(len(count))
    ranked = one_against_rest(truth, exact, names, by).average_precision
    assert ranked.macro is not None and ranked.weighted is not None
    return {
        "macro F1": average_f1_figure(labels, said, has / has.sum(), by),
        "weighted precision": class_average_figure(labels == said, said, shares, by, labels),
        "macro average precision": ranked.macro,
        "weighted average precision": ranked.weighted,
    }


def test_an_average_of_few_pictures_keeps_its_value_within_its_interval() -> None:
    """Each of ten classes is called once, rightly, and nothing tells whether always."""
    labels = np.arange(10)
    shares, by = np.full(10, 0.1), Resampling.of(10)
    for figure in (
        average_f1_figure(labels, labels, shares, by),
        class_average_figure(labels == labels, labels, shares, by, labels),
    ):
        assert (figure.value, figure.high) == pytest.approx((1, 1))
        assert 0.6 < figure.low < 0.85


def test_pictures_that_stand_twice_tell_no_more_than_once() -> None:
    random = np.random.default_rng(1)
    of = random.integers(0, 4, 200)
    right = random.random(200) < 0.8
    weights = np.full(4, 0.25)
    once = class_average_figure(right, of, weights, Resampling.of(200))
    twice = class_average_figure(
        np.repeat(right, 2), np.repeat(of, 2), weights, Resampling.of(400, np.arange(400) // 2)
    )
    assert [twice.low, twice.high] == pytest.approx([once.low, once.high], abs=0.005)


def test_without_a_mistake_weighted_f1_is_as_uncertain_as_the_share_of_right_answers() -> None:
    """A mistake costs two classes half of what one costs the accuracy."""
    labels = np.repeat(np.arange(3), [190, 196, 14])
    weights = np.bincount(labels) / 400
    found = average_f1_figure(labels, labels, weights, Resampling.of(400), weighed=True)
    assert found.high == 1
    assert found.low == pytest.approx(wilson(1.0, 400)[0], abs=1e-4)


@pytest.mark.parametrize("counts", [[6, 5, 3, 3, 1, 1, 1, 2, 7], [4, 4, 4, 5, 2, 7, 1, 4, 3]])
def test_all_right_of_many_small_classes_is_1(counts: list[int]) -> None:
    """Their weights sum to a little more than 1, by rounding."""
    found = measure(answers_of(np.diag(counts).tolist(), [f"class {at}" for at in range(9)]))
    assert found.macro_f1.value == found.macro_f1.high == pytest.approx(1)
