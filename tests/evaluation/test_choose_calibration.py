"""The calibration that validation chooses: the one that is needed, and never one that harms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from sklearn.linear_model import LogisticRegression

from linnaeus.bundle.calibration import METHODS, Calibration, Method, log_odds_of
from linnaeus.errors import DataError
from linnaeus.evaluation.calibrated import Calibrated
from linnaeus.evaluation.choose_calibration import choose_calibration, fit_calibration

Floats = NDArray[Any]


def evidence(seed: int, pictures: int, classes: int = 4) -> tuple[Floats, NDArray[Any]]:
    """Logits (n, classes) that are calibrated as they are, and labels (n,)."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, pictures)
    z = random.normal(size=(pictures, classes))
    z[np.arange(pictures), labels] += 1.5
    return 1.5 * z, labels


def spoilt(kind: str, logits: Floats) -> Floats:
    """The same logits, wrong in one way."""
    if kind == "too sure":
        return logits * 3
    if kind == "biased":
        return logits + np.linspace(-3, 3, logits.shape[1])
    return logits


def loss_of(calibration: Calibration, logits: Floats, labels: NDArray[Any]) -> float:
    p = calibration.probabilities(logits).astype(np.float64)
    return float(-np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-30)).mean())


@pytest.mark.parametrize(
    ("kind", "methods"),
    [
        ("right", ("none", "temperature")),
        ("too sure", ("temperature",)),
        ("biased", ("vector", "beta")),
    ],
)
def test_what_is_wrong_is_mended_and_nothing_else(kind: str, methods: tuple[str, ...]) -> None:
    logits, labels = evidence(0, 500)
    calibration = Calibrated.on(spoilt(kind, logits), labels).calibration
    assert calibration.method in methods
    fresh, truth = evidence(1, 20_000)
    best = loss_of(Calibration(), fresh, truth)
    assert loss_of(calibration, spoilt(kind, fresh), truth) < best + 0.02
    assert set(calibration.log_losses) == set(METHODS)


def test_stairs_that_no_formula_follows_are_found() -> None:
    """The network is right 50, then 75, then 99.5 times in 100, and says much in between."""
    random = np.random.default_rng(0)
    sure = random.uniform(0, 8, 6000)
    right = np.select([sure < 1, sure < 7], [0.5, 0.75], 0.995)
    labels = (random.random(6000) > right).astype(np.int64)
    calibration = Calibrated.on(np.stack([sure, np.zeros(6000)], axis=1), labels).calibration
    assert calibration.method == "isotonic"
    said = calibration.probabilities(np.array([[0.4, 0.0], [2.5, 0.0], [5.0, 0.0], [7.7, 0.0]]))
    assert said[:, 0] == pytest.approx([0.5, 0.75, 0.75, 0.995], abs=0.06)


def calibration_error_of(probabilities: Floats, labels: NDArray[Any]) -> float:
    """By sorting, in fifteen parts."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    gaps = (sure - right)[np.argsort(sure, kind="stable")]
    return sum(abs(part.sum()) for part in np.array_split(gaps, 15)) / len(gaps)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_chosen_lessens_the_calibration_error_too(seed: int) -> None:
    """Answers a little too sure, or not at all: a smaller log loss may be had by chance."""
    logits, labels = evidence(seed, 240)
    logits = logits * (1.0, 1.2)[seed % 2]
    truth = labels[:, None] == np.arange(4)
    chosen = choose_calibration(logits, truth, several=False)
    if chosen.calibration.method == "none":
        return
    before = Calibration().probabilities(logits)
    assert calibration_error_of(chosen.cross_fitted, labels) < calibration_error_of(before, labels)


def test_what_chance_may_have_made_is_not_enough() -> None:
    """Sixty answers that are calibrated as they are, of which isotonic maps seem to be better."""
    logits, labels = evidence(15, 60)
    found = choose_calibration(logits, labels[:, None] == np.arange(4), several=False).calibration
    assert min(found.log_losses.values()) < found.log_losses["none"] - 0.02
    assert found.method == "none"
    assert "not clearly better" in found.why


def test_of_exact_answers_to_few_pictures_hardly_any_are_made_worse() -> None:
    """A hundred pictures hold few mistakes, or none of a class: maps fitted to that cost dearly."""
    worse = []
    for seed in range(900, 960):
        random = np.random.default_rng(seed)
        labels = random.integers(0, 4, 3100)
        z = random.normal(size=(3100, 4))
        z[np.arange(3100), labels] += 2
        truth = labels[:100, None] == np.arange(4)
        chosen = choose_calibration(2 * z[:100], truth, several=False).calibration
        fresh, its = 2 * z[100:], labels[100:]
        worse.append(loss_of(chosen, fresh, its) - loss_of(Calibration(), fresh, its))
    assert max(worse) < 0.05
    assert np.mean(np.array(worse) > 1e-4) <= 1 / 60


def test_a_few_pictures_are_enough_to_mend_what_is_far_too_sure() -> None:
    mended = 0
    for seed in range(20):
        random = np.random.default_rng([seed, 5, 20])
        labels = random.integers(0, 5, 20)
        z = random.normal(size=(20, 5))
        z[np.arange(20), labels] += 1.5
        truth = labels[:, None] == np.arange(5)
        chosen = choose_calibration(4.5 * z, truth, several=False).calibration
        mended += chosen.method == "temperature"
    assert mended >= 12


def test_what_is_gained_by_mending_classes_is_not_lost_to_caution() -> None:
    """With a hundred pictures whose answers favour some classes much."""
    saved = []
    for seed in range(10):
        logits, labels = evidence(seed, 100)
        logits = spoilt("biased", logits)
        chosen = choose_calibration(logits, labels[:, None] == np.arange(4), several=False)
        fresh, its = evidence(1000 + seed, 3000)
        fresh = spoilt("biased", fresh)
        saved.append(loss_of(Calibration(), fresh, its) - loss_of(chosen.calibration, fresh, its))
    assert min(saved) > 0.1


@settings(max_examples=25, deadline=None)
@given(
    logits=arrays(np.float32, (45, 3), elements=st.floats(-30, 30, width=32)),
    labels=arrays(np.int64, 45, elements=st.integers(0, 2)),
)
def test_never_worse_than_none_on_pictures_it_was_not_fitted_on(
    logits: Floats, labels: NDArray[Any]
) -> None:
    losses = (found := Calibrated.on(logits, labels).calibration).log_losses
    assert losses[found.method] <= losses["none"]


def test_every_picture_is_answered_by_a_fit_without_it() -> None:
    """Of a set with one strange picture, its own cross-fitted answer does not know of it."""
    logits, labels = evidence(0, 300)
    logits[:, 0] += 2
    truth = labels[:, None] == np.arange(4)
    chosen = choose_calibration(logits, truth, several=False)
    assert chosen.calibration.method == "vector"
    inside = chosen.calibration.probabilities(logits)
    assert not np.allclose(inside, chosen.cross_fitted, atol=1e-4)
    out, within = (-np.log(p[np.arange(300), labels]).mean() for p in (chosen.cross_fitted, inside))
    assert chosen.calibration.log_losses["vector"] == pytest.approx(out, abs=1e-6)
    assert out > within


def test_pictures_of_one_group_are_never_parted() -> None:
    """Each picture stands ten times; parted, a map would be judged on what it was fitted to."""
    logits, labels = evidence(3, 60)
    often, groups = np.repeat(np.arange(60), 10), np.repeat(np.arange(60), 10)
    together = Calibrated.on(logits[often], labels[often], groups=groups).calibration
    parted = Calibrated.on(logits[often], labels[often]).calibration
    assert together.log_losses["isotonic"] > parted.log_losses["isotonic"] + 0.02


def test_with_few_pictures_a_class_there_is_one_map_for_all() -> None:
    logits, labels = evidence(0, 39)
    calibration = Calibrated.on(logits, labels).calibration
    assert set(calibration.log_losses) == {"none", "temperature"}
    assert "fewer than 10 pictures a class" in calibration.why


@pytest.mark.parametrize(("pictures", "told"), [(0, "no validation"), (1, "too few")])
def test_without_pictures_to_choose_on_nothing_changes(pictures: int, told: str) -> None:
    logits, labels = evidence(0, pictures)
    found = Calibrated.on(logits, labels)
    assert found.calibration.method == "none"
    assert told in found.calibration.why
    assert found.cross_fitted.shape == (pictures, 4)


def test_labels_of_their_own_are_calibrated_each_by_itself() -> None:
    random = np.random.default_rng(0)
    truth = random.random((800, 3)) < [0.5, 0.2, 0.05]
    logits = 2 * random.normal(size=truth.shape) + np.where(truth, 2.0, -2.0) + [0, 3, -3]
    found = Calibrated.on(logits, truth)
    assert found.calibration.method in ("vector", "beta")
    answers = found.calibration.probabilities(logits, several=True)
    assert answers.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=0.01)
    assert len(found.thresholds) == 3


def test_beta_maps_are_the_logistic_regressions_of_scikit_learn() -> None:
    logits, labels = evidence(0, 4000)
    truth = labels[:, None] == np.arange(4)
    found = fit_calibration("beta", logits, truth, several=False)
    odds = log_odds_of(logits / found.temperature)
    for k, one in enumerate(found.beta):
        columns = np.stack([-np.logaddexp(0, -odds[:, k]), np.logaddexp(0, odds[:, k])], axis=1)
        exact = LogisticRegression(C=1e6, tol=1e-9, max_iter=1000).fit(columns, truth[:, k])
        assert [one.a, one.b, one.c] == pytest.approx(
            [*exact.coef_[0], exact.intercept_[0]], abs=0.05
        )


def test_isotonic_maps_follow_the_regression_of_scipy() -> None:
    logits, labels = evidence(0, 4000)
    logits = spoilt("biased", logits)
    truth = labels[:, None] == np.arange(4)
    found = fit_calibration("isotonic", logits, truth, several=False)
    odds = log_odds_of(logits / found.temperature)
    order = np.argsort(odds[:, 1])
    exact = isotonic_regression(truth[order, 1].astype(float)).x
    ours = np.exp(found.isotonic[1].log_probability(odds[order, 1]))
    assert np.abs(ours - exact).mean() < 0.02
    assert np.abs(1 / (1 + np.exp(-odds[order, 1])) - exact).mean() > 0.05, "nothing was to mend"


@pytest.mark.parametrize("method", METHODS)
def test_a_class_without_pictures_does_no_harm(method: Method) -> None:
    logits, labels = evidence(0, 200)
    seen = labels != 3
    truth = labels[seen, None] == np.arange(4)
    found = fit_calibration(method, logits[seen], truth, several=False)
    assert np.isfinite(found.probabilities(logits)).all()
    assert found.probabilities(logits)[~seen, 3].min() > 0


def test_logits_that_are_not_finite_are_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"^calibration: the classifier answered with numbers that"):
        Calibrated.on(np.array([[np.nan, 1.0]]), np.array([0]))
