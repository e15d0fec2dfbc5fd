"""Intervals against published numbers and against the laws that every interval keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from answers import random_answers
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gap import gap_of
from linnaeus.evaluation.intervals import Resampling, mean_figure, moved_figure
from linnaeus.evaluation.judging import judge
from linnaeus.evaluation.metrics import Metrics, measure
from linnaeus.evaluation.one_against_rest import one_against_rest
from linnaeus.wilson import wilson

SCORES = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_f1",
    "log_loss",
    "brier",
    "calibration_error",
)


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [  # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_numbers(
    right: int, trials: int, low: float, high: float
) -> None:
    assert wilson(right / trials, trials) == pytest.approx((low, high), abs=5e-5)


@given(trials=st.integers(1, 20_000), share=st.floats(0, 1))
def test_wilson_agrees_with_scipy(trials: int, share: float) -> None:
    right = round(share * trials)
    expected = binomtest(right, trials).proportion_ci(0.95, method="wilson")
    assert wilson(right / trials, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_without_trials_everything_is_possible() -> None:
    assert wilson(0.5, 0) == (0.0, 1.0)


@given(seed=st.integers(0, 10_000), images=st.integers(1, 60), classes=st.integers(2, 8))
def test_every_interval_holds_its_value_and_stays_possible(
    seed: int, images: int, classes: int
) -> None:
    metrics = measure(random_answers(seed, images, classes), resamples=100)
    for name in SCORES:
        figure = getattr(metrics, name)
        assert 0 <= figure.low <= figure.value <= figure.high
        assert np.isfinite(figure.high)
        if name not in {"log_loss", "brier"}:
            assert figure.high <= 1
    assert metrics.log_loss.high <= 15.95
    assert metrics.brier.high <= 2


def test_more_pictures_give_closer_intervals() -> None:
    few, many = (measure(random_answers(3, images, 4)) for images in (100, 10_000))
    for name in SCORES:
        wide, close = getattr(few, name), getattr(many, name)
        assert close.high - close.low < (wide.high - wide.low) / 3


def test_pictures_of_one_group_widen_the_intervals() -> None:
    """Each of 60 pictures five times over tells no more than 60 pictures do."""
    once = random_answers(5, 60, 4)
    five = np.repeat(np.arange(60), 5)
    copies = type(once)(
        ids=tuple(f"{i}.jpg" for i in range(300)),
        classes=once.classes,
        probabilities=once.probabilities[five],
        labels=once.labels[five],
    )
    alone, naive, grouped = measure(once), measure(copies), measure(copies, groups=five)
    assert (alone.groups, naive.groups, grouped.groups) == (None, None, 60)
    for name in SCORES[:-1]:
        honest, wide, close = (
            figure.high - figure.low
            for figure in (getattr(m, name) for m in (alone, grouped, naive))
        )
        assert wide > 1.5 * close
        assert wide == pytest.approx(honest, rel=0.15)
    assert grouped.accuracy.value == pytest.approx(alone.accuracy.value)


def test_groups_of_any_size_weigh_as_much_as_the_figure_moves_without_them() -> None:
    random = np.random.default_rng(2)
    groups = np.repeat(np.arange(30), random.integers(1, 8, 30))
    groups[:60] = 0  # a third of the pictures
    right = random.random(len(groups)) < random.random(30)[groups]
    names = np.unique(groups)
    without = np.array([right[groups != name].mean() for name in names])
    expected = ((without - right.mean()) ** 2).sum() * (len(names) - 1) / len(names)
    by = Resampling.of(len(groups), groups)
    assert by.variance((right - right.mean()) / len(right)) == pytest.approx(expected)


def of_hospitals(seed: int, sizes: list[int]) -> tuple[Predictions, np.ndarray]:
    """Pictures of three classes, which a classifier knows better in some hospitals than others."""
    random = np.random.default_rng(seed)
    hospital = np.repeat(np.arange(len(sizes)), sizes)
    labels = random.integers(0, 3, len(hospital))
    z = random.normal(size=(len(hospital), 3))
    z[np.arange(len(hospital)), labels] += random.normal(1.6, 0.4, len(sizes))[hospital]
    p = np.exp(1.6 * z)
    ids = tuple(map(str, range(len(hospital))))
    answers = Predictions(ids, tuple("abc"), p / p.sum(axis=1, keepdims=True), labels)
    return answers, hospital


def figures_of_hospitals(metrics: Metrics) -> dict[str, Figure]:
    named = ("log_loss", "brier", "accuracy", "calibration_error")
    ranked = metrics.further.one_against_rest.average_precision
    assert ranked.macro and ranked.weighted
    found = {name: getattr(metrics, name) for name in named}
    return found | {"macro precision": ranked.macro, "weighted precision": ranked.weighted}


def test_a_group_that_holds_most_pictures_does_not_pass_for_all_groups() -> None:
    """900 of 1,000 pictures are of one hospital, so little is known of how hospitals differ."""
    truth = figures_of_hospitals(measure(of_hospitals(99, [1] * 50_000)[0], resamples=100))
    held = dict.fromkeys(truth, 0)
    for seed in range(40):
        answers, hospital = of_hospitals(seed, [900, 50, 30, 20])
        found = measure(answers, groups=hospital, resamples=200)
        assert "4 groups, of which the largest holds 90.0% of the judged" in found.remarks[0]
        for name, figure in figures_of_hospitals(found).items():
            held[name] += figure.low <= truth[name].value <= figure.high
    assert min(held.values()) >= 37, held


def test_names_of_groups_move_no_interval_nor_does_a_group_for_each_picture() -> None:
    answers, hospital = of_hospitals(5, [20] * 12)
    first, renamed = (
        measure(answers, groups=[f"{way * int(at)}" for at in hospital], resamples=100).to_json()
        for way in (1, -7)
    )
    assert first == renamed
    lone, none = (
        measure(answers, groups=of, resamples=100).to_json()
        for of in ([f"g{at}" for at in range(240)], None)
    )
    assert lone.pop("groups") == 240
    assert none.pop("groups") is None
    assert lone == none


@pytest.mark.parametrize("of", ["auroc", "average_precision"])
def test_a_group_that_holds_much_of_a_class_widens_what_is_known_of_the_class(of: str) -> None:
    reference = pytest.importorskip("sklearn.metrics")
    by_name = {
        "auroc": reference.roc_auc_score,
        "average_precision": reference.average_precision_score,
    }
    random = np.random.default_rng(4)
    truth, groups = random.random(400) < 0.2, random.integers(0, 80, 400)
    alike = np.flatnonzero(truth)[:30]  # of some eighty
    groups[alike] = 0
    score = 1.6 * truth + random.normal(size=400)
    score[alike] -= 1
    p = 1 / (1 + np.exp(-score))
    by = Resampling.of(400, groups)
    both = np.stack([~truth, truth], axis=1), np.stack([1 - p, p], axis=1)
    figure = getattr(one_against_rest(*both, ("other", "so"), by).per_class[1], of)
    apart = [groups != name for name in np.unique(groups)]
    without = np.array([by_name[of](truth[rows], p[rows]) for rows in apart])
    error = np.sqrt(((without - without.mean()) ** 2).sum() * (len(apart) - 1) / len(apart))
    assert 1.6 < (figure.high - figure.low) / 2 / error < 2.4


def test_names_of_groups_may_be_anything() -> None:
    answers = random_answers(6, 40, 3)
    numbered = measure(answers, groups=[i // 2 for i in range(40)], resamples=100)
    named = measure(answers, groups=[f"patient {i // 2:02}" for i in range(40)], resamples=100)
    assert named.to_json() == numbered.to_json()


def figures_of(told: Any) -> Iterator[dict[str, float]]:
    """All figures with an interval that stand in JSON, but for the points of curves."""
    if isinstance(told, dict) and {"value", "low", "high"} <= set(told):
        yield told
    elif isinstance(told, dict):
        for name, inner in told.items():
            yield from figures_of(inner) if not name.endswith("curve") else ()
    elif isinstance(told, list):
        for inner in told:
            yield from figures_of(inner)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_single_group_promises_nothing(classes: int) -> None:
    """Not of a share, an area, a gap nor what acting is worth, in all that is told."""
    answers = random_answers(7, 50, classes)
    told = judge(answers, groups=["one"] * 50, resamples=100).to_json()
    figures = list(figures_of(told))
    assert len(figures) > 20
    for figure in figures:
        assert figure["low"] <= 0
        assert figure["high"] >= 1
    half = np.arange(50) < 25
    for side in (half, ~half):
        gap = gap_of(half, side, np.zeros(50)).difference
        assert (gap.low, gap.high) == (-1, 1)


def test_the_same_seed_gives_the_same_bits() -> None:
    answers = random_answers(8, 80, 5)
    assert measure(answers, seed=4).to_json() == measure(answers, seed=4).to_json()
    assert measure(answers, seed=4).log_loss != measure(answers, seed=5).log_loss


def test_the_mean_of_like_values_still_has_an_interval() -> None:
    figure = mean_figure([0.1] * 20, 2.0, Resampling.of(20))
    assert figure.value == pytest.approx(0.1)
    assert figure.low < 0.1 < figure.high < 2


def test_without_pictures_one_sentence_says_that_there_is_no_interval() -> None:
    none = Resampling.of(5).among(np.zeros(5, bool))
    with pytest.raises(DataError, match="there is no picture to take an interval from"):
        next(none.times())


def test_too_few_resamples_are_refused() -> None:
    with pytest.raises(UsageError, match="20 resamples are too few for a 95 % interval"):
        measure(random_answers(0, 10, 2), resamples=20)


def test_a_score_that_pictures_move_has_the_interval_of_its_mirror() -> None:
    random = np.random.default_rng(3)
    moves = (random.random(200) ** 6 - 1 / 7) / 200
    for by in (Resampling.of(200), Resampling.of(200, np.arange(200) // 5)):
        up, down = moved_figure(0.07, moves, 200.0, by), moved_figure(0.93, -moves, 200.0, by)
        assert [up.low, up.high] == pytest.approx([1 - down.high, 1 - down.low], abs=1e-9)


def test_few_bad_pictures_pull_the_lower_end_of_a_good_score_further_down() -> None:
    """Of two scores that vary alike, the one that three pictures make may have missed a fourth."""
    even, by = np.where(np.arange(300) % 2, 1.0, -1.0), Resampling.of(300)
    few = np.where(np.arange(300) < 3, -99.0, 1.0)
    even, few = (0.004 * moves / np.linalg.norm(moves) for moves in (even, few))
    alike, lopsided = moved_figure(0.99, even, 300.0, by), moved_figure(0.99, few, 300.0, by)
    assert lopsided.low < alike.low - 0.002
    assert 0.99 < lopsided.high < 1
