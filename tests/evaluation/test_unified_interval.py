"""Intervals of sums of absolute gaps: where they begin, how far they reach, how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus.evaluation.classwise_calibration import classwise_calibration_error
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.reliability import calibration_error, label_calibration_error
from linnaeus.evaluation.unified_interval import Noise, unified_interval

Floats = NDArray[np.float64]
DEVIATION = 0.005


def drawn(true_gaps: Floats, seed: int, draws: int = 200) -> tuple[Floats, Noise]:
    """Gaps as one test shows them, and the noise that it knows of."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(draws, len(true_gaps))) * DEVIATION
    return true_gaps + random.normal(size=len(true_gaps)) * DEVIATION, known(noise)


def known(noise: Floats) -> Noise:
    """Noise (draws, k) that is the same whatever the gaps."""
    return Noise(noise, noise.var(axis=0))


@pytest.mark.slow
@pytest.mark.parametrize(
    "true_gaps",
    [
        pytest.param(np.zeros(15), id="none"),
        pytest.param(np.full(15, 0.004), id="small and alike"),
        pytest.param(np.linspace(0, 0.015, 15), id="some larger than others"),
        pytest.param(np.repeat([0.02, -0.01], [8, 7]), id="large, to both sides"),
    ],
)
def test_95_in_100_hold_the_true_sum(true_gaps: Floats) -> None:
    """Of 300, which scatter by 1.3: some 285, and 273 to 297 are within three times that."""
    truth, held = float(np.abs(true_gaps).sum()), 0
    for seed in range(300):
        low, high = unified_interval(*drawn(true_gaps, seed))
        held += low <= truth <= high
    assert 273 <= held <= 297


def test_one_gap_far_from_0_lies_1_96_deviations_from_either_end() -> None:
    noise = np.random.default_rng(0).normal(size=(4000, 1)) * 0.05
    low, high = unified_interval(np.array([-0.5]), known(noise))
    assert [low, high] == pytest.approx([0.5 - 1.96 * 0.05, 0.5 + 1.96 * 0.05], abs=0.005)


def test_noise_alone_begins_at_0_and_what_is_larger_does_not() -> None:
    """Feldman and Cousins leave 0 at 1.645 deviations above what nothing shows."""
    noise = known(np.random.default_rng(0).normal(size=(4000, 15)) * DEVIATION)
    usual = np.abs(noise.alone).sum(axis=1)
    ends = [
        unified_interval(np.full(15, level / 15), noise)[0]
        for level in np.quantile(usual, [0.5, 0.94, 0.96])
    ]
    assert ends[:2] == [0, 0]
    assert ends[2] > 0


def test_where_no_gap_is_seen_none_is_stated() -> None:
    assert unified_interval(np.zeros(3), known(np.zeros((100, 3)))) == (0, 0)


def test_an_error_without_any_noise_is_what_it_is() -> None:
    low, high = unified_interval(np.array([0.2, -0.1]), known(np.zeros((100, 2))))
    assert [low, high] == pytest.approx([0.3, 0.3], abs=1e-4)


def test_one_group_tells_nothing_of_calibration() -> None:
    sure, right = np.full(50, 0.9), np.arange(50) % 2 == 0
    figure = calibration_error(sure, right, Resampling.of(50, np.zeros(50)))
    assert (figure.low, figure.high) == (0, 1)
    assert figure.value == pytest.approx(0.4, abs=0.01)


def test_pictures_that_stand_twice_tell_no_more_of_calibration_than_once() -> None:
    random = np.random.default_rng(2)
    sure = random.uniform(0.5, 1, 300)
    right = random.random(300) < sure - 0.15
    once = calibration_error(sure, right, Resampling.of(300))
    groups = np.repeat(np.arange(300), 2)
    twice = calibration_error(np.repeat(sure, 2), np.repeat(right, 2), Resampling.of(600, groups))
    assert [twice.low, twice.high] == pytest.approx([once.low, once.high], abs=0.02)


WILSON_OF_20 = 0.1611
"""The share of mistakes that may be missed where twenty show none."""


def test_twenty_sure_answers_that_are_all_right_do_not_tell_that_none_is_wrong() -> None:
    labels = np.arange(20) % 4
    figure = classwise_calibration_error(labels, np.eye(4)[labels], Resampling.of(20))
    assert (figure.value, figure.low) == (0, 0)
    assert figure.high == pytest.approx(2 / 4 * WILSON_OF_20, abs=1e-4)
    five = Resampling.of(20, np.arange(20) // 4)
    in_groups = classwise_calibration_error(labels, np.eye(4)[labels], five)
    assert in_groups.high > 2 * figure.high


def test_labels_that_are_all_right_do_not_tell_that_none_is_wrong() -> None:
    truth = np.random.default_rng(0).random(60) < 0.4
    twenty = Resampling.of(60, np.arange(60) // 3)
    figure = label_calibration_error(truth.astype(np.float64), truth, twenty)
    assert (figure.value, figure.low) == (0, 0)
    assert figure.high == pytest.approx(WILSON_OF_20, abs=1e-4)


def test_where_a_mistake_is_seen_the_interval_of_labels_is_the_usual_one() -> None:
    truth = np.random.default_rng(0).random(60) < 0.4
    sure = np.abs(truth - 0.01)
    sure[0] = 1 - sure[0]
    by = Resampling.of(60, np.arange(60) // 3)
    assert label_calibration_error(sure, truth, by) == calibration_error(sure, truth, by)
