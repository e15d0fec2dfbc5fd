"""How a budget is parted among the stages of a fine-tuning."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from linnaeus.training.tuning_time import allowance_s


def test_the_last_stage_leaves_time_to_be_judged_in() -> None:
    for judging_s in (0.0, 1.0, 5.0):
        allowed_s = allowance_s("whole", 20.0, 2.0, judging_s=judging_s, last=True)
        assert 0 < allowed_s <= 20.0 - judging_s
    assert allowance_s("whole", 20.0, 2.0, judging_s=17.0, last=True) == 0.0


def test_a_stage_before_the_last_leaves_most_of_the_time_where_that_is_of_use() -> None:
    assert allowance_s("upper", 30.0, 2.0, judging_s=0.0, last=False) < 15.0
    assert allowance_s("upper", 5.0, 2.0, judging_s=0.0, last=False) > 4.0, "too little for whole"
