"""The linear head: logistic regression as scikit-learn knows it, its strength by validation."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from linnaeus.progress import Quiet
from linnaeus.training.head import Head, fit_head

STRENGTHS = (1e-2, 1e-3, 1e-4, 1e-5)


class Sets:
    """Scikit-learn's digits in two: 64 brightnesses each, float32, and labels."""

    def __init__(self) -> None:
        pixels, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(labels))
        self.features = pixels[order].astype(np.float32)
        self.labels = labels[order].astype(np.int64)
        self.train = self.features[:700], self.labels[:700]
        self.validation = self.features[700:1000], self.labels[700:1000]
        self.rest = self.features[1000:], self.labels[1000:]


@pytest.fixture(scope="module")
def sets() -> Sets:
    return Sets()


def fitted(sets: Sets, strengths: tuple[float, ...] = STRENGTHS, **changes: object) -> Head:
    given = {"validation": sets.validation, "parts": (64,), **changes}
    return fit_head(*sets.train, classes=10, strengths=strengths, progress=Quiet(), **given)


def log_loss(head: Head, features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    logits = features.astype(np.float64) @ head.weight.T + head.bias
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


@pytest.mark.parametrize("strength", [1e-2, 1e-3])
def test_it_is_scikit_learn_s_logistic_regression(sets: Sets, strength: float) -> None:
    features, labels = sets.train
    deviation = features.std(axis=0)
    deviation = np.maximum(deviation, 1e-3 * deviation.max())
    inputs = (features - features.mean(axis=0)) / deviation / np.sqrt(64)
    # scikit-learn sums the losses and weighs them by C, where the head takes their mean.
    reference = LogisticRegression(C=1 / (strength * len(labels)), max_iter=5000, tol=1e-8)
    reference.fit(inputs, labels)
    weight = reference.coef_ / deviation / np.sqrt(64)
    bias = reference.intercept_ - weight @ features.mean(axis=0)
    head = fitted(sets, strengths=(strength,))
    theirs = sets.rest[0] @ weight.T + bias
    ours = sets.rest[0] @ head.weight.T + head.bias
    theirs, ours = (logits - logits.mean(axis=1, keepdims=True) for logits in (theirs, ours))
    assert np.abs(ours - theirs).max() < 0.02 * np.abs(theirs).max()
    assert (ours.argmax(1) == theirs.argmax(1)).mean() > 0.995


def test_the_strength_kept_is_the_best_on_validation(sets: Sets) -> None:
    head = fitted(sets)
    losses = {one.strength: one.validation_loss for one in head.tried}
    assert head.strength == min(losses, key=losses.__getitem__)
    assert log_loss(head, *sets.validation) == pytest.approx(min(losses.values()), abs=1e-4)
    logits = sets.validation[0] @ head.weight.T + head.bias
    right = (logits.argmax(1) == sets.validation[1]).mean()
    accuracies = {one.strength: one.validation_accuracy for one in head.tried}
    assert accuracies[head.strength] == pytest.approx(right)


def test_strengths_are_tried_from_strong_to_weak_in_whatever_order_they_are_given(
    sets: Sets,
) -> None:
    head = fitted(sets, strengths=STRENGTHS[::-1])
    assert [one.strength for one in head.tried] == list(STRENGTHS[: len(head.tried)])
    assert np.array_equal(head.weight, fitted(sets).weight)


def test_without_validation_a_stated_strength_is_used(sets: Sets) -> None:
    nothing = (np.zeros((0, 0), np.float32), np.zeros(0, np.int64))
    head = fitted(sets, validation=nothing)
    assert head.tried == ()
    assert head.strength == 1e-4
    assert ((sets.rest[0] @ head.weight.T + head.bias).argmax(1) == sets.rest[1]).mean() > 0.9


def test_to_stop_leaves_the_strength_under_way_out_but_never_the_first(sets: Sets) -> None:
    at_once = fitted(sets, stop=lambda: True)
    assert len(at_once.tried) == 1
    asked = count()
    on_the_way = fitted(sets, stop=lambda: next(asked) == 5)
    assert on_the_way.tried == at_once.tried
    assert np.array_equal(on_the_way.weight, at_once.weight)


def test_a_feature_s_unit_and_origin_change_nothing(sets: Sets) -> None:
    moved = Sets()
    unit, origin = np.float32(50), np.float32(-7)
    for name in ("train", "validation", "rest"):
        features, labels = getattr(sets, name)
        setattr(moved, name, (features * unit + origin, labels))
    ours, theirs = fitted(sets), fitted(moved)
    before = sets.rest[0] @ ours.weight.T + ours.bias
    after = moved.rest[0] @ theirs.weight.T + theirs.bias
    assert np.abs(before - after).max() < 0.02 * np.abs(before).max()


def test_parts_count_alike_whatever_their_width(sets: Sets) -> None:
    """A part repeated three times is worth no more than once."""
    features, labels = sets.train
    noise = np.random.default_rng(1).normal(size=(len(labels), 8)).astype(np.float32)
    narrow = np.concatenate([features, noise], axis=1)
    wide = np.concatenate([features, noise, noise, noise], axis=1)
    nothing = (np.zeros((0, 0), np.float32), np.zeros(0, np.int64))
    shared = {"classes": 10, "strengths": (1e-3,), "progress": Quiet()}
    heads = [
        fit_head(rows, labels, nothing, parts=(64, width), **shared)  # type: ignore[arg-type]
        for rows, width in ((narrow, 8), (wide, 24))
    ]
    logits = [
        rows @ head.weight.T + head.bias for rows, head in zip((narrow, wide), heads, strict=True)
    ]
    assert np.abs(logits[0] - logits[1]).max() < 0.02 * np.abs(logits[0]).max()


def test_a_feature_that_never_varies_does_no_harm(sets: Sets) -> None:
    features, labels = sets.train
    constant = np.full((len(labels), 1), 3.0, np.float32)
    nothing = (np.zeros((0, 0), np.float32), np.zeros(0, np.int64))
    head = fit_head(
        np.concatenate([features, constant], axis=1),
        labels,
        nothing,
        classes=10,
        parts=(65,),
        strengths=STRENGTHS,
        progress=Quiet(),
    )
    assert np.isfinite(head.weight).all()
    assert np.isfinite(head.bias).all()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_number_of_threads_changes_no_bit_and_is_left_alone(sets: Sets, threads: int) -> None:
    before = torch.get_num_threads()
    expected = fitted(sets)
    torch.set_num_threads(threads)
    try:
        head = fitted(sets)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(head.weight, expected.weight)
    assert np.array_equal(head.bias, expected.bias)


def test_several_labels_are_one_logistic_regression_a_class() -> None:
    """Compared with scikit-learn's on features scaled as the docstring says."""
    linear = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(4)
    features = random.normal(size=(300, 5)).astype(np.float32)
    truth = features @ random.normal(size=(5, 3)) + random.normal(size=(300, 3)) > 0.8
    head = fit_head(
        features,
        truth,
        (np.zeros((0, 5), np.float32), np.zeros((0, 3), bool)),
        classes=3,
        parts=[5],
        strengths=[1.0],
        progress=Quiet(),
    )
    scaled = (features - features.mean(0)) / features.std(0) / np.sqrt(5)
    for at in range(3):
        own = linear.LogisticRegression(C=1 / (300 * head.strength), tol=1e-8, max_iter=10_000)
        expected = own.fit(scaled, truth[:, at]).decision_function(scaled)
        ours = features @ head.weight[at] + head.bias[at]
        np.testing.assert_allclose(ours, expected, atol=0.02)


def test_the_strength_for_several_labels_is_chosen_by_their_log_loss() -> None:
    random = np.random.default_rng(5)
    features = random.normal(size=(120, 60)).astype(np.float32)
    truth = features[:, :2] + random.normal(size=(120, 2)) > 1.0
    head = fit_head(
        features[:60],
        truth[:60],
        (features[60:], truth[60:]),
        classes=2,
        parts=[60],
        strengths=[1.0, 0.1, 0.01, 1e-6],
        progress=Quiet(),
    )
    losses = {one.strength: one.validation_loss for one in head.tried}
    assert head.strength == min(losses, key=lambda strength: losses[strength])
    logits = features[60:] @ head.weight.T + head.bias
    own = np.logaddexp(0, np.where(truth[60:], -logits, logits)).sum(axis=1).mean()
    assert own == pytest.approx(losses[head.strength], abs=1e-4)
