"""Learning curves: a planted one is found, and what cannot be known is not claimed."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.evaluation.learning_curve import fit_curve

SIZES = [100, 250, 500, 1000]


def judged(mistakes: list[float], pictures: int, seed: int = 0) -> list[np.ndarray]:
    """Whether each of `pictures` was right, for each share of `mistakes`: the same hard ones."""
    hardness = np.random.default_rng(seed).random(pictures)
    return [hardness >= share for share in mistakes]


@pytest.mark.slow
def test_a_planted_curve_is_found() -> None:
    planted = [0.05 + 2.0 * n**-0.5 for n in SIZES]
    curve = fit_curve(SIZES, judged(planted, 200_000))
    true_gain = 2.0 * 1000**-0.5 * (1 - 2**-0.5)
    assert curve.gain.value == pytest.approx(true_gain, abs=0.003)
    assert curve.gain.low <= true_gain <= curve.gain.high
    assert curve.at(1000) == pytest.approx(planted[-1], abs=0.002)


def test_fewer_test_pictures_make_the_gain_less_certain() -> None:
    planted = [0.05 + 2.0 * n**-0.5 for n in SIZES]
    many, few = (fit_curve(SIZES, judged(planted, count)).gain for count in (20_000, 200))
    assert few.high - few.low > 2 * (many.high - many.low)


def test_where_more_pictures_bring_nothing_none_is_promised() -> None:
    curve = fit_curve(SIZES, judged([0.2, 0.2, 0.2, 0.2], 500))
    assert curve.gain.value == pytest.approx(0.0, abs=1e-6)
    assert curve.at(10**6) == pytest.approx(0.2, abs=0.02)


def test_a_classifier_that_gets_worse_is_promised_nothing_either() -> None:
    curve = fit_curve(SIZES, judged([0.2, 0.25, 0.3, 0.35], 500))
    assert curve.scale == 0.0
    assert curve.gain.value == 0.0


def test_a_perfect_classifier_has_nothing_to_gain() -> None:
    curve = fit_curve(SIZES, judged([0.0, 0.0, 0.0, 0.0], 100))
    assert curve.gain.value == 0.0


def test_points_keep_their_intervals() -> None:
    curve = fit_curve(SIZES, judged([0.4, 0.3, 0.25, 0.2], 400))
    assert [point.pictures for point in curve.points] == SIZES
    for point in curve.points:
        assert point.mistakes.low < point.mistakes.value < point.mistakes.high


def test_where_no_mistake_is_seen_all_that_these_pictures_leave_possible_may_be_gained() -> None:
    curve = fit_curve(SIZES, judged([0.0, 0.0, 0.0, 0.0], 100))
    last = curve.points[-1].mistakes
    assert last.value == curve.gain.value == 0.0
    assert last.high == pytest.approx(0.037, abs=0.0005)  # Wilson's: z² / (100 + z²)
    assert curve.gain.high == last.high


def test_pictures_of_a_group_make_the_gain_and_the_points_less_certain() -> None:
    """Twenty pictures of each of fifty patients, of which all are right or none."""
    planted = judged([0.4, 0.3, 0.25, 0.2], 50)
    right, patients = [np.repeat(one, 20) for one in planted], np.repeat(np.arange(50), 20)
    alone, grouped = fit_curve(SIZES, right), fit_curve(SIZES, right, groups=patients)
    assert grouped.gain.value == alone.gain.value
    assert grouped.gain.high - grouped.gain.low > 2 * (alone.gain.high - alone.gain.low)
    for one, other in zip(grouped.points, alone.points, strict=True):
        assert one.mistakes.value == other.mistakes.value
        assert one.mistakes.high - one.mistakes.low > 3 * (other.mistakes.high - other.mistakes.low)


def test_two_points_are_no_curve() -> None:
    with pytest.raises(ValueError, match="three"):
        fit_curve([10, 20], judged([0.5, 0.4], 50))
