"""Differences of two classifiers on the same pictures: their intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.evaluation.gains import accuracy_gain, log_loss_gain
from linnaeus.evaluation.intervals import Resampling


def answers(right: NDArray[np.bool_], sure: float = 0.9) -> NDArray[np.float64]:
    """(n, 2) probabilities that name class 0 where `right`, and class 1 elsewhere."""
    first = np.where(right, sure, 1 - sure)
    return np.stack([first, 1 - first], axis=1)


def gain(
    right: NDArray[np.bool_], was: NDArray[np.bool_], groups: object = None
) -> tuple[float, ...]:
    labels = np.zeros(len(right), np.int64)
    found = accuracy_gain(
        answers(right),
        answers(was),
        labels,
        Resampling.of(len(right), groups),  # type: ignore[arg-type]
    )
    return found.value, found.low, found.high


def test_bonett_and_prices_interval_by_hand() -> None:
    """40 pictures, of which the new one alone has 9 right and the old one alone 2."""
    right = np.array([True] * 9 + [False] * 2 + [True] * 29)
    was = np.array([False] * 9 + [True] * 2 + [True] * 29)
    value, low, high = gain(right, was)
    assert value == pytest.approx(7 / 40)
    # (10 - 3) / 42 = 0.1667; its error sqrt((13 / 42 - 0.1667**2) / 42) = 0.0819, times 2.02
    assert (low, high) == pytest.approx((0.001, 0.332), abs=0.003)


def test_without_a_disagreement_there_is_an_interval_all_the_same() -> None:
    alike = np.ones(200, bool)
    value, low, high = gain(alike, alike)
    assert value == 0
    assert -0.03 < low < 0 < high < 0.03


def test_of_equal_classifiers_the_interval_holds_0_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = {"accuracy": 0, "log loss": 0}
    for _ in range(200):
        hard = random.random((120, 1)) < 0.3  # most of what one finds hard the other does too
        right = ~hard & (random.random((120, 2)) < 0.93) | hard & (random.random((120, 2)) < 0.4)
        sure = random.uniform(0.6, 0.95, (120, 2))
        new, old = (
            np.stack([np.where(r, s, 1 - s), np.where(r, 1 - s, s)], axis=1)
            for r, s in zip(right.T, sure.T, strict=True)
        )
        pair = new, old, np.zeros(120, np.int64), Resampling.of(120, resamples=200)
        held["accuracy"] += accuracy_gain(*pair).low <= 0 <= accuracy_gain(*pair).high
        held["log loss"] += log_loss_gain(*pair).low <= 0 <= log_loss_gain(*pair).high
    # Of 200 at 95 % fewer than 179 happen once in ten thousand times.
    assert held["accuracy"] >= 179
    assert held["log loss"] >= 179


def test_pictures_in_groups_tell_less() -> None:
    random = np.random.default_rng(1)
    of_group = random.random((30, 2)) < [0.9, 0.7]
    right, was = np.repeat(of_group, 10, axis=0).T
    _, low, high = gain(right, was)
    _, grouped_low, grouped_high = gain(right, was, np.repeat(np.arange(30), 10))
    assert grouped_high - grouped_low > 2.5 * (high - low)


def test_a_single_group_says_nothing_of_others() -> None:
    random = np.random.default_rng(1)
    value, low, high = gain(random.random(80) < 0.9, random.random(80) < 0.7, np.zeros(80))
    assert (low, high) == (-1, 1)
    assert 0 < value < 1


def test_a_better_one_is_told_from_a_worse_one() -> None:
    random = np.random.default_rng(2)
    was = random.random(400) < 0.7
    right = was | (random.random(400) < 0.3)
    labels = np.zeros(400, np.int64)
    pair = answers(right), answers(was), labels, Resampling.of(400)
    assert accuracy_gain(*pair).low > 0
    assert log_loss_gain(*pair).high < 0
    back = pair[1], pair[0], *pair[2:]
    assert accuracy_gain(*back).high < 0
    assert log_loss_gain(*back).low > 0
