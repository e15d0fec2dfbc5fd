"""Ranks over data sets, against Demšar's own example and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from linnaeus.evaluation.friedman import rank_over_sets

# Demšar, "Statistical comparisons of classifiers over multiple data sets", 2006, table 6: areas
# under the ROC curve of C4.5 with m, cf, both or neither tuned, on fourteen data sets. The last two
# of voting are both printed as 0.975, and ranked 2 and 3.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.9749],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_ranks_and_the_critical_difference_are_demsar_s() -> None:
    found = rank_over_sets(DEMSAR)
    assert found.mean_ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=5e-4)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert found.order == [3, 1, 2, 0]
    assert found.alike == ((3, 1, 2, 0),)
    assert not found.told_apart(3, 1)


def test_the_statistic_is_scipy_s_and_p_close_to_its() -> None:
    reference = stats.friedmanchisquare(*DEMSAR.T)
    found = rank_over_sets(DEMSAR)
    assert found.statistic == pytest.approx(reference.statistic)
    assert found.p == pytest.approx(reference.pvalue, abs=0.01)


def test_groups_that_overlap_are_both_told() -> None:
    """Twenty data sets that agree: of five in a row, neighbours are alike, ends are not."""
    found = rank_over_sets(np.tile([0.9, 0.8, 0.7, 0.6, 0.5], (20, 1)))
    assert found.alike == ((0, 1), (1, 2), (2, 3), (3, 4))
    assert found.told_apart(0, 2)
    assert not found.told_apart(0, 1)


def test_two_data_sets_that_agree_do_not_prove_much() -> None:
    """Three models in the same order twice: so it is for one of six orders of the second."""
    found = rank_over_sets([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]])
    assert found.p == pytest.approx(1 / 6, abs=0.01)
    assert not found.told_apart(0, 2)


def test_so_few_data_sets_that_nothing_could_be_told_are_known() -> None:
    assert not rank_over_sets([[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]]).can_tell
    assert rank_over_sets(DEMSAR).can_tell


def test_models_that_tie_everywhere_are_alike() -> None:
    found = rank_over_sets([[0.5, 0.5, 0.5], [0.7, 0.7, 0.7]])
    assert found.mean_ranks == (2.0, 2.0, 2.0)
    assert (found.statistic, found.p, found.alike) == (0.0, 1.0, ((0, 1, 2),))


def test_the_same_scores_give_the_same_p() -> None:
    assert rank_over_sets(DEMSAR) == rank_over_sets(DEMSAR)


def test_where_friedman_s_test_finds_nothing_all_are_one_group_though_two_lie_far_apart() -> None:
    ranks = [[2, 1, 4, 3], [3, 2, 4, 1], [4, 2, 3, 1], [2, 4, 3, 1], [2, 3, 4, 1]]
    found = rank_over_sets(-np.array(ranks, np.float64))
    assert found.mean_ranks == pytest.approx((2.6, 2.4, 3.6, 1.4))
    assert found.mean_ranks[2] - found.mean_ranks[3] > found.critical_difference
    assert found.p > 0.05
    assert found.alike == ((3, 1, 0, 2),)
