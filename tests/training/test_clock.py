"""The time that training may take is used up and not overrun, whatever other programs do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from linnaeus.training.clock import Clock, Pacemaker

BUDGET_S = 100.0


def ends_at_s(step_s: Callable[[float], float]) -> float:
    """When a training ends whose next step takes `step_s` of the time that has gone by."""
    now_s = 0.0
    pacemaker = Pacemaker(BUDGET_S, Clock(lambda: now_s), validation_steps=0.0)
    done, planned = 0, 100_000
    while done < planned and not pacemaker.spent():
        now_s += step_s(now_s)
        done += 1
        pacemaker.stepped()
        if done < planned and pacemaker.due():
            planned = pacemaker.steps_in_all(planned, 1)
    return now_s


@pytest.mark.parametrize(
    "step_s",
    [
        pytest.param(lambda now_s: 0.1, id="steady"),
        pytest.param(lambda now_s: 3.0 if 45 < now_s < 51 else 0.1, id="slowed for six seconds"),
        pytest.param(lambda now_s: 0.1 if 45 < now_s < 51 else 3.0, id="left alone for a while"),
        pytest.param(lambda now_s: 0.1 if now_s < 60 else 0.4, id="slow from the middle on"),
        pytest.param(lambda now_s: 0.4 if now_s < 60 else 0.1, id="fast from the middle on"),
    ],
)
def test_the_budget_is_kept_within_a_tenth(step_s: Callable[[float], float]) -> None:
    assert 0.9 * BUDGET_S <= ends_at_s(step_s) <= 1.1 * BUDGET_S
