"""Dealing a budget to trainings from scratch: even, and nothing wasted on those that need less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnaeus.comparing.passes import LEAST_PASSES, RESERVE, Usual, ceiling_s, passes_below

USUAL = st.builds(
    Usual,
    passes=st.floats(1, 60),
    pass_s=st.floats(0.01, 100),
    trainings=st.floats(1, 8),
    starts=st.integers(1, 8),
    beside_s=st.floats(0, 20),
)


@given(st.lists(USUAL, min_size=1, max_size=8), st.floats(1, 1e5))
def test_all_fits_into_what_is_left(usual: list[Usual], left_s: float) -> None:
    most_s = ceiling_s(usual, left_s)
    beside_s = sum(one.starts * one.beside_s for one in usual)
    learning_s = sum(one.trainings * min(one.wanted_s, most_s) for one in usual)
    assert learning_s <= max(0.0, (1 - RESERVE) * left_s - beside_s) * (1 + 1e-9) + 1e-6


@given(st.lists(USUAL, min_size=1, max_size=8))
def test_enough_time_changes_nothing(usual: list[Usual]) -> None:
    wanted_s = sum(one.trainings * one.wanted_s + one.starts * one.beside_s for one in usual)
    most_s = ceiling_s(usual, 1.01 * wanted_s / (1 - RESERVE))
    assert most_s >= max(one.wanted_s for one in usual) * (1 - 1e-9)


def test_the_dear_ones_share_what_the_cheap_ones_leave() -> None:
    """By hand: 400 s less a tenth, less 20 s beside, are 340; the cheap one takes 5 times 10."""
    cheap, dear = Usual(10, 1.0, 5, 5, 2.0), Usual(10, 100.0, 5, 5, 2.0)
    assert ceiling_s([cheap, dear], 400.0) == pytest.approx((340 - 50) / 5)
    assert passes_below({"cheap": cheap, "dear": dear}, 58.0) == {"cheap": 10.0, "dear": 1.0}


def test_no_network_makes_less_than_a_pass() -> None:
    assert passes_below({"dear": Usual(10, 100.0, 5, 5, 2.0)}, 0.0) == {"dear": LEAST_PASSES}
