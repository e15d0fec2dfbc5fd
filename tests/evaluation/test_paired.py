"""Two classifiers beside each other, against SciPy, published examples and what is promised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from linnaeus.evaluation.distributions import range_point, student_point
from linnaeus.evaluation.paired import (
    Difference,
    corrected_resampled_t,
    discordance,
    together,
)


@pytest.mark.parametrize("degrees", [1, 2, 4, 9, 49, 1000])
def test_student_s_points_are_scipy_s(degrees: int) -> None:
    assert student_point(degrees) == pytest.approx(stats.t.isf(0.025, degrees), rel=1e-9)


def test_the_points_of_the_range_are_those_of_demsar_s_table() -> None:
    published = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    ours = [range_point(models) / math.sqrt(2) for models in range(2, 11)]
    assert ours == pytest.approx(published, abs=1e-3)
    exact = [stats.studentized_range.isf(0.05, models, np.inf) for models in (2, 6)]
    assert [range_point(2), range_point(6)] == pytest.approx(exact, abs=1e-5)


def test_mcnemar_gives_the_numbers_of_fagerland_and_others() -> None:
    """Airway hyper-responsiveness before and after, 21 children: 1 and 7 changed."""
    first = [True] * 1 + [False] * 7 + [True] * 7 + [False] * 6
    second = [False] * 1 + [True] * 7 + [True] * 7 + [False] * 6
    found = discordance(first, second)
    assert (found.first_alone, found.second_alone) == (1, 7)
    assert found.exact_p == pytest.approx(0.0703, abs=5e-5)
    assert found.p == pytest.approx(0.0391, abs=5e-5)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_mcnemar_keeps_its_laws(pairs: list[tuple[bool, bool]]) -> None:
    first, second = np.array(pairs).T
    found, turned = discordance(first, second), discordance(second, first)
    assert found.p == turned.p
    assert 0 < found.p <= found.exact_p <= 1
    more, both = max(found.first_alone, found.second_alone), found.first_alone + found.second_alone
    if both:
        assert found.exact_p == pytest.approx(stats.binomtest(more, both).pvalue)
        if found.first_alone != found.second_alone:
            half_seen = stats.binom.pmf(more, both, 0.5)
            assert found.p == pytest.approx(found.exact_p - half_seen)


def test_mcnemar_refuses_answers_to_different_pictures() -> None:
    with pytest.raises(ValueError, match="same pictures"):
        discordance([True, False], [True])


def test_the_corrected_t_is_student_s_where_runs_share_nothing() -> None:
    differences = [0.02, 0.05, -0.01, 0.03, 0.04]
    found = corrected_resampled_t(differences, test_to_train=0.0)
    reference = stats.ttest_1samp(differences, 0.0)
    assert found.p == pytest.approx(reference.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(reference.confidence_interval()))


def test_the_corrected_t_widens_by_what_runs_share() -> None:
    """By hand: five folds, a quarter; the error grows from sqrt(1/5) to sqrt(1/5 + 1/4)."""
    differences = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
    found = corrected_resampled_t(differences, test_to_train=0.25)
    error = differences.std(ddof=1) * math.sqrt(0.45)
    assert found.p == pytest.approx(2 * stats.t.sf(differences.mean() / error, 4))
    assert found.high - found.value == pytest.approx(stats.t.isf(0.025, 4) * error)


def test_folds_that_agree_by_accident_do_not_make_a_difference_certain() -> None:
    """One picture more right in each of five folds of fifty: a coin would do so in 1 of 16."""
    differences = [1 / 50] * 5
    assert corrected_resampled_t(differences, test_to_train=0.25).p == 0.0
    assert not corrected_resampled_t(differences, test_to_train=0.25, resolution=1 / 50).real


def test_equals_are_no_different() -> None:
    found = corrected_resampled_t([0.0] * 5, test_to_train=0.25)
    assert (found.value, found.p, found.real) == (0.0, 1.0, False)


def test_pairs_asked_about_together_are_called_real_by_holm() -> None:
    """Alone each is real; of five such pairs together none but the first is."""
    ps = [0.009, 0.02, 0.03, 0.04, 0.045]
    alone = [Difference(0.1, 0.01, 0.2, p, p) for p in ps]
    assert all(one.real for one in alone)
    assert [one.real for one in together(alone)] == [True, False, False, False, False]


def test_equal_models_are_seldom_called_different() -> None:
    """400 comparisons of coins that are right 7 times in 10: at most 5 % and three deviations."""
    random = np.random.default_rng(5)
    ps = [discordance(random.random(200) < 0.7, random.random(200) < 0.7).p for _ in range(400)]
    assert np.mean(np.array(ps) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
