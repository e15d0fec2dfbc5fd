"""How a budget is parted among the stages of a fine-tuning."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from linnaeus.training.tuning_time import allowance_s, whole_first

MANY, FEW = 45_000, 2_000  # pictures


def test_the_last_stage_leaves_time_to_be_judged_in() -> None:
    for judging_s in (0.0, 1.0, 5.0):
        allowed_s = allowance_s("whole", 20.0, 2.0, FEW, judging_s=judging_s, last=True)
        assert 0 < allowed_s <= 20.0 - judging_s
    assert allowance_s("whole", 20.0, 2.0, FEW, judging_s=17.0, last=True) == 0.0


def test_a_stage_before_the_last_leaves_most_of_the_time_where_that_is_of_use() -> None:
    assert allowance_s("upper", 30.0, 2.0, FEW, judging_s=0.0, last=False) < 15.0
    too_little_for_whole = allowance_s("upper", 5.0, 2.0, FEW, judging_s=0.0, last=False)
    assert too_little_for_whole > 4.0


def test_of_very_many_pictures_a_stage_need_not_see_half() -> None:
    one_pass_s, a_tenth_s = 1_000.0, 420.0
    for pictures, allowed in ((FEW, False), (100_000, False), (1_000_000, True)):
        given_s = allowance_s("whole", a_tenth_s, one_pass_s, pictures, judging_s=0.0, last=True)
        assert (given_s > 0) == allowed


def test_with_frozen_stages_the_whole_is_learnt_in_less_time() -> None:
    def given_s(frozen: int) -> float:
        return allowance_s("whole", 17.0, 10.0, FEW, judging_s=0.0, last=True, frozen=frozen)

    assert given_s(frozen=0) == 0.0
    assert given_s(frozen=3) > 0.0
    assert whole_first(110.0, 75.0, MANY, judging_s=1.0, frozen=3)
    assert not whole_first(110.0, 75.0, MANY, judging_s=1.0)


def test_the_upper_stages_come_first_unless_the_whole_network_has_use_for_the_time() -> None:
    one_pass_s = 60.0
    for seconds, pictures, first, why in (
        (780.0, MANY, True, "three passes, and thousands of steps"),
        (780.0, FEW, False, "as many passes, and two hundred steps"),
        (36_000.0, MANY, False, "time for the upper stages and the whole"),
    ):
        assert whole_first(seconds, one_pass_s, pictures, judging_s=6.0) == first, why


@pytest.mark.parametrize("frozen", [None, 3])
def test_the_upper_stages_are_not_left_out_for_a_whole_that_then_is(frozen: int | None) -> None:
    one_s, judging_s = 100.0, 11.0
    for seconds in range(50, 300):
        if whole_first(float(seconds), one_s, MANY, judging_s=judging_s, frozen=frozen):
            later_s = 0.95 * seconds
            assert allowance_s(
                "whole", later_s, one_s, MANY, judging_s=judging_s, last=True, frozen=frozen
            )
