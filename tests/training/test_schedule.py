"""The schedule: it rises, falls to nothing, and survives changes of length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from linnaeus.training.schedule import Pace, learning_rate_factor, progress_at


def test_the_rate_rises_briefly_and_ends_at_nothing():
    rates = [learning_rate_factor(step / 100) for step in range(101)]
    assert rates[0] < rates[2] == max(rates) == 1
    assert rates[100] == 0
    assert rates[50:] == sorted(rates[50:], reverse=True)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 200)), max_size=6))
def test_progress_never_goes_back_and_ends_at_one_however_often_plans_change(changes):
    paces = [Pace(0, 120)]
    for gap, left in changes:
        at_step = paces[-1].at_step + gap
        if at_step < paces[-1].steps:
            paces.append(Pace(at_step, at_step + left))
    end = paces[-1].steps
    progress = [progress_at(step, paces) for step in range(end + 1)]
    assert progress == sorted(progress)
    assert progress[0] == 0
    assert progress[end] >= 1 - 1e-9
