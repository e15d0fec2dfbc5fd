"""What share of pictures may be answered at an error: counted, and its interval believed."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.risk_coverage import RiskCoverage, risk_coverage


def found(
    confidence: np.ndarray, right: np.ndarray, groups: np.ndarray | None = None
) -> RiskCoverage:
    return risk_coverage(confidence, right, Resampling.of(len(right), groups, 100))


def test_as_many_are_answered_as_the_error_allows() -> None:
    """Of 100 answers the 60th and the 80th surest and the last ten are wrong."""
    right = np.ones(100, bool)
    right[[59, 79, *range(90, 100)]] = False
    allowed = {one.max_error: one for one in found(np.linspace(1, 0.5, 100), right).answerable}
    assert [allowed[e].answered.value for e in (0.01, 0.02, 0.05, 0.1)] == pytest.approx(
        [0.59, 0.79, 0.92, 0.97]  # 12 wrong of 100, 9 of 97
    )
    assert allowed[0.01].confidence == pytest.approx(1 - 0.5 * 58 / 99)


def test_equal_confidences_are_answered_together_or_not_at_all() -> None:
    right = np.arange(40) < 38
    surest, rest = (
        found(np.repeat([0.9, 0.8], 20), right).answerable[0],
        found(np.full(40, 0.9), right).answerable[0],
    )
    assert (surest.answered.value, surest.confidence) == (0.5, 0.9)
    assert (rest.answered.value, rest.confidence) == (0.0, None)


def test_few_right_answers_are_not_surely_right_enough() -> None:
    few, many = (found(np.ones(n), np.ones(n, bool)).answerable[0].answered for n in (100, 400))
    assert (few.low, few.value, few.high) == (0, 1, 1)
    assert (many.low, many.value, many.high) == (1, 1, 1)


def test_pictures_of_one_group_tell_less() -> None:
    confidence = np.repeat(np.linspace(1, 0.5, 100), 20)
    right = np.repeat(np.arange(100) % 25 != 24, 20)
    alone = found(confidence, right).answerable[2].answered
    grouped = found(confidence, right, np.repeat(np.arange(100), 20)).answerable[2].answered
    assert alone.value == grouped.value
    assert grouped.low < alone.low


@pytest.mark.parametrize(("most_right", "pictures"), [(1.0, 500), (0.97, 500), (1.0, 100)])
def test_the_interval_holds_the_truth(most_right: float, pictures: int) -> None:
    """Also where even the surest answers are wrong more often than asked, so that none may be."""
    random = np.random.default_rng(0)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        confidence = 0.5 + 0.5 / (1 + np.exp(-random.normal(2.2, 1.7, count)))
        return confidence, random.random(count) < np.minimum(confidence, most_right)

    def surest(count: int) -> np.ndarray:
        confidence, right = drawn(count)
        return np.cumsum(~right[np.argsort(-confidence)]) / np.arange(1, count + 1)

    risk = surest(2_000_000)[10_000:]
    errors = (0.01, 0.02, 0.05, 0.1)
    kept = [np.flatnonzero(risk <= most) for most in errors]
    truths = [(int(at[-1]) + 10_001) / 2_000_000 if len(at) else 0.0 for at in kept]
    held = np.zeros(len(errors))
    for _ in range(200):
        answered = [one.answered for one in found(*drawn(pictures)).answerable]
        held += [one.low <= truth <= one.high for one, truth in zip(answered, truths, strict=True)]
    assert (held / 200).min() >= 0.91


def test_each_point_of_the_curve_has_the_interval_of_its_share() -> None:
    right = np.arange(50) % 5 != 4
    last, first = (found(np.linspace(1, 0.5, 50), right).curve[at].risk for at in (-1, 3))
    assert (last.value, first.value) == (0.2, 0.0)
    assert (last.low, last.high) == pytest.approx((0.112, 0.330), abs=1e-3)  # Wilson, 10 of 50
    assert (first.low, first.high) == pytest.approx((0.0, 0.490), abs=1e-3)  # 0 of 4


def test_pictures_of_one_group_widen_the_curve() -> None:
    confidence = np.repeat(np.linspace(1, 0.5, 100), 20)
    right = np.repeat(np.arange(100) % 25 != 24, 20)
    alone, grouped = (
        found(confidence, right, groups).curve for groups in (None, np.repeat(np.arange(100), 20))
    )
    assert [one.risk.value for one in alone] == [one.risk.value for one in grouped]
    spread = [one.risk.high - one.risk.low for one in alone]
    assert all(
        one.risk.high - one.risk.low > narrow for one, narrow in zip(grouped, spread, strict=True)
    )
