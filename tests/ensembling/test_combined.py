"""How members are weighed: against general optimisers, and without looking at what is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from linnaeus.ensembling.average import average_weights
from linnaeus.ensembling.combined import combined
from linnaeus.ensembling.stack import fit_stack

Floats = NDArray[np.float64]


def members(seed: int, pictures: int, classes: int, *noise: float) -> tuple[Floats, Any]:
    """Answers of members that see the truth through so much noise, and the truth."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, pictures)
    truth = 3.0 * np.eye(classes)[labels]
    seen = [truth + level * random.normal(size=truth.shape) for level in noise]
    return softmax(np.array(seen), axis=2), labels


def test_weights_of_an_average_make_held_out_pictures_likeliest() -> None:
    probabilities, labels = members(0, 300, 5, 1.5, 2.0, 4.0)
    true = probabilities[:, np.arange(300), labels]

    def loss(free: Floats) -> float:  # the same with its prior of one picture a member
        weights = softmax(free)
        return float(-np.log(weights @ true).sum() - np.log(weights).sum())

    best = softmax(minimize(loss, np.zeros(3), tol=1e-12).x)
    assert average_weights(probabilities, labels) == pytest.approx(best, abs=1e-4)


def test_members_alike_weigh_alike_and_none_weighs_all_without_pictures() -> None:
    probabilities, labels = members(1, 100, 4, 2.0)
    twice = np.concatenate([probabilities, probabilities])
    assert average_weights(twice, labels) == pytest.approx([0.5, 0.5])
    none = average_weights(np.zeros((3, 0, 4)), np.zeros(0, np.int64))
    assert none == pytest.approx([1 / 3] * 3)


def test_one_mistake_of_a_handful_throws_no_member_out() -> None:
    probabilities = np.array([[[0.98, 0.02]] * 4, [[0.98, 0.02]] * 3 + [[0.0, 1.0]]])
    weights = average_weights(probabilities, np.zeros(4, np.int64))
    assert weights[1] > 0.25


def test_a_stack_is_the_optimum_of_its_convex_problem() -> None:
    probabilities, labels = members(2, 120, 4, 1.5, 3.0)
    logarithms = np.log(np.maximum(probabilities, 1e-7))
    start = np.concatenate([np.full(8, 0.5), np.zeros(4)])

    def loss(parameters: Floats) -> float:
        trust, bias = parameters[:8].reshape(2, 4), parameters[8:]
        logits = (trust[:, None] * logarithms).sum(axis=0) + bias
        told = log_softmax(logits, axis=1)[np.arange(120), labels].mean()
        return float(-told + 0.03 / 2 * ((parameters - start) ** 2).sum())

    best = minimize(loss, start, tol=1e-10).x
    found = fit_stack(probabilities, labels, 0.03)
    assert np.concatenate([found.trust.ravel(), found.bias]) == pytest.approx(best, abs=1e-3)
    assert loss(np.concatenate([found.trust.ravel(), found.bias])) <= loss(best) + 1e-9


def test_a_stack_of_many_classes_and_few_pictures_is_found_too() -> None:
    probabilities, labels = members(3, 60, 200, 2.0, 2.0, 2.0)
    found = fit_stack(probabilities, labels, 0.01)
    assert np.isfinite(found.trust).all()
    assert found.trust.mean() > 0


def test_a_stack_learns_whom_to_trust_with_which_class() -> None:
    """The first tells the first two classes apart, and the second the others."""
    random = np.random.default_rng(4)
    labels = random.integers(0, 4, 2000)
    truth = 4.0 * np.eye(4)[labels]
    blind = random.normal(size=(2, 2000, 4))
    blind[0, :, :2] += truth[:, :2]
    blind[1, :, 2:] += truth[:, 2:]
    trust = fit_stack(softmax(blind, axis=2), labels, 0.001).trust
    assert (trust[0, :2] > trust[1, :2]).all()
    assert (trust[1, 2:] > trust[0, 2:]).all()


@pytest.mark.parametrize("method", ["average", "stack"])
def test_no_held_out_answer_has_seen_its_own_label(method: Any) -> None:
    """Otherwise calibration and promises would rest on pictures that chose the weights."""
    probabilities, labels = members(5, 40, 3, 2.0, 2.5)
    names, paths = ["a", "b"], [f"{n}.jpg" for n in range(40)]
    before = combined(names, probabilities, labels, paths, method)
    for place in range(5):
        changed = labels.copy()
        changed[place] = (labels[place] + 1) % 3
        after = combined(names, probabilities, changed, paths, method)
        if before.why == after.why:  # the strength of the stack is chosen on all of them
            assert after.logits[place] == pytest.approx(before.logits[place])
        assert after.combination != before.combination


def test_pictures_of_one_group_are_weighed_without_each_other() -> None:
    probabilities, labels = members(6, 40, 3, 2.0, 2.5)
    groups = [f"patient {n // 4}" for n in range(40)]
    before = combined(["a", "b"], probabilities, labels, groups, "average")
    labels = labels.copy()
    labels[:4] = (labels[:4] + 1) % 3
    after = combined(["a", "b"], probabilities, labels, groups, "average")
    assert after.logits[:4] == pytest.approx(before.logits[:4])
    assert after.logits[4:] != pytest.approx(before.logits[4:], abs=1e-9)


def test_weights_follow_the_members_wherever_they_stand() -> None:
    probabilities, labels = members(7, 80, 4, 1.0, 2.0, 3.0)
    order = [2, 0, 1]
    weights = average_weights(probabilities, labels)
    assert average_weights(probabilities[order], labels) == pytest.approx(weights[order])
