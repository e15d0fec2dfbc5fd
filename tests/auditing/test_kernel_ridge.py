"""Scores with a picture's unit left out, against fitting anew without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from linnaeus.auditing import kernel_ridge
from linnaeus.auditing.kernel_ridge import left_out_scores

pytest.importorskip("scipy")
sklearn_kernel_ridge = pytest.importorskip("sklearn.kernel_ridge")

CLASSES = 3
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


def some_features(count: int, seed: int) -> tuple[Floats, Rows]:
    """Three overlapping clouds, two apart in the mean square as features of pictures are."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    values = random.standard_normal((count, 8)) + 2 * np.eye(CLASSES, 8)[labels]
    values = (values - values.mean(axis=0)) / np.sqrt(np.square(values).sum(axis=1).mean())
    return values.astype(np.float32), labels


def fitted_anew(values: Floats, labels: Rows, units: Rows) -> NDArray[np.float64]:
    """The same by scikit-learn, one fit for each unit."""
    shares = np.bincount(labels, minlength=CLASSES) / len(labels)
    targets = np.eye(CLASSES)[labels] - shares
    scores = np.zeros_like(targets)
    for unit in np.unique(units):
        out = units == unit
        model = sklearn_kernel_ridge.KernelRidge(
            alpha=kernel_ridge.STRENGTH, kernel="rbf", gamma=kernel_ridge.SHARPNESS
        )
        scores[out] = model.fit(values[~out], targets[~out]).predict(values[out]) + shares
    return scores


def test_each_score_is_that_of_a_fit_without_the_picture() -> None:
    values, labels = some_features(120, seed=0)
    alone = np.arange(120)
    scores = left_out_scores(values, alone, labels, alone, classes=CLASSES)
    np.testing.assert_allclose(scores, fitted_anew(values, labels, alone), atol=2e-3)


@settings(max_examples=15)
@given(st.integers(0, 50), st.lists(st.integers(0, 30), min_size=59, max_size=59))
def test_units_are_left_out_whole(seed: int, units: list[int]) -> None:
    values, labels = some_features(60, seed)
    together = np.array([31, *units])  # two units at least: somebody must be left to learn from
    scores = left_out_scores(values, np.arange(60), labels, together, classes=CLASSES)
    np.testing.assert_allclose(scores, fitted_anew(values, labels, together), atol=2e-3)


def test_a_copy_in_the_same_unit_says_nothing_of_its_twin() -> None:
    values, labels = some_features(90, seed=1)
    values[1], labels[1] = values[0], labels[0]
    apart = np.arange(90)
    together = apart.copy()
    together[1] = 0
    with_twin = left_out_scores(values, apart, labels, apart, classes=CLASSES)
    without = left_out_scores(values, apart, labels, together, classes=CLASSES)
    assert with_twin[0, labels[0]] > without[0, labels[0]] + 0.05


def test_the_order_of_pictures_changes_nothing() -> None:
    values, labels = some_features(200, seed=2)
    order = np.random.default_rng(3).permutation(200)
    alone = np.arange(200)
    one = left_out_scores(values, alone, labels, alone, classes=CLASSES)
    other = left_out_scores(values, order, labels[order], alone, classes=CLASSES)
    np.testing.assert_allclose(other, one[order], atol=2e-3)


def test_fewer_landmarks_than_pictures_come_close(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = some_features(600, seed=4)
    alone = np.arange(600)
    exact = left_out_scores(values, alone, labels, alone, classes=CLASSES)
    monkeypatch.setattr(kernel_ridge, "LANDMARKS", 300)
    close = left_out_scores(values, alone, labels, alone, classes=CLASSES)
    assert np.corrcoef(exact.ravel(), close.ravel())[0, 1] > 0.98
