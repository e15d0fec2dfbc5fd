"""Tests of differences, beside SciPy's and beside what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.evaluation.significance import fewer_by_chance, holm, mcnemar, student_tail

stats = pytest.importorskip("scipy.stats")


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    # Holm's own scheme by hand: 0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06, and 0.2 x 1.
    assert holm([0.2, 0.01, 0.03, 0.02]) == pytest.approx([0.2, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert len(holm([])) == 0


def test_holm_gives_each_kind_of_tests_half_and_what_is_left_to_the_other() -> None:
    # Two tests of one kind, four of another, so of weights 1/2 and 1/4, 2 in all: 0.001 x 2 x 2;
    # then 1.5 is left for 0.004 x 4, 1.25 for 0.03 x 2, and 0.75 for 0.02 x 4, which is less.
    found = holm([0.001, 0.03, 0.004, 0.02, 0.9, 0.8], list("aabbbb"))
    assert found == pytest.approx([0.004, 0.075, 0.024, 0.075, 1, 1])
    assert holm([0.2, 0.01, 0.03], [1, 1, 1]) == pytest.approx(holm([0.2, 0.01, 0.03]))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 9), (9, 3), (5, 5), (0, 12), (400, 481)])
def test_mcnemar_is_the_binomial_test_of_a_fair_coin(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("right", "drawn", "all_right", "everything"),
    [(3, 10, 80, 100), (0, 5, 5, 10), (10, 10, 80, 100), (700, 800, 9000, 10_000), (2, 4, 60, 62)],
)
def test_fewer_by_chance_is_fishers_exact_test(
    right: int, drawn: int, all_right: int, everything: int
) -> None:
    table = [
        [right, drawn - right],
        [all_right - right, everything - all_right - drawn + right],
    ]
    expected = stats.fisher_exact(table, alternative="less").pvalue
    found = fewer_by_chance(right, drawn, all_right, everything)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("degrees", [1, 2, 3.5, 9, 40, 3000])
@pytest.mark.parametrize("t", [-3.0, 0.0, 0.01, 1.0, 2.5, 12.0])
def test_students_tail(t: float, degrees: float) -> None:
    expected = stats.t.sf(t, degrees)
    assert student_tail(t, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_an_infinite_t_has_no_tail() -> None:
    assert student_tail(np.inf, 4) == 0.0
