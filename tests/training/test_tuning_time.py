"""How a budget is parted among the stages of a fine-tuning."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from linnaeus.training.tuning_time import allowance_s, whole_first


def test_the_last_stage_leaves_time_to_be_judged_in() -> None:
    for judging_s in (0.0, 1.0, 5.0):
        allowed_s = allowance_s("whole", 20.0, 2.0, judging_s=judging_s, last=True)
        assert 0 < allowed_s <= 20.0 - judging_s
    assert allowance_s("whole", 20.0, 2.0, judging_s=17.0, last=True) == 0.0


def test_a_stage_before_the_last_leaves_most_of_the_time_where_that_is_of_use() -> None:
    assert allowance_s("upper", 30.0, 2.0, judging_s=0.0, last=False) < 15.0
    assert allowance_s("upper", 5.0, 2.0, judging_s=0.0, last=False) > 4.0, "too little for whole"


def test_the_upper_stages_come_first_unless_the_whole_network_has_use_for_the_time() -> None:
    many, few, one_pass_s = 45_000, 2_000, 60.0
    assert whole_first(780.0, one_pass_s, many), "three passes, and thousands of steps"
    assert not whole_first(780.0, one_pass_s, few), "as many passes, and two hundred steps"
    assert not whole_first(36_000.0, one_pass_s, many), "time for the upper stages and the whole"
