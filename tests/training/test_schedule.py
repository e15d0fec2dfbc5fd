"""The schedule: it rises, falls to nothing, and survives changes of length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from linnaeus.training.plan import TrainingPlan  # noqa: E402
from linnaeus.training.schedule import Pace, learning_rate_factor, progress_at  # noqa: E402


def test_the_rate_rises_briefly_and_ends_at_nothing():
    rates = [learning_rate_factor(step / 100, TrainingPlan()) for step in range(101)]
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


def rates(steps: int, **choices) -> list[float]:
    plan = TrainingPlan(**choices)
    return [learning_rate_factor(step / steps, plan) for step in range(steps)]


def torch_rates(steps: int, scheduler: str, **choices) -> list[float]:
    """The rates of one of PyTorch's schedulers with a peak of 1."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = getattr(torch.optim.lr_scheduler, scheduler)(optimiser, **choices)
    seen = []
    for _ in range(steps):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return seen


def test_cosine_and_step_are_those_of_pytorch():
    cosine = torch_rates(80, "CosineAnnealingLR", T_max=80)
    assert rates(80, schedule="cosine", warm_up=0.0) == pytest.approx(cosine, abs=1e-9)
    stepped = torch_rates(80, "MultiStepLR", milestones=[20, 60], gamma=0.2)
    given = rates(80, schedule="step", milestones=(0.25, 0.75), step_factor=0.2)
    assert given == pytest.approx(stepped)


def test_one_cycle_is_that_of_pytorch():
    # PyTorch counts its last step as the end, and its first part a step short.
    cycle = torch_rates(1001, "OneCycleLR", max_lr=1.0, total_steps=1001, pct_start=0.3)
    assert rates(1000, schedule="one-cycle") == pytest.approx(cycle[:1000], abs=3e-3)


def test_a_warm_up_rises_straight_to_the_peak():
    for schedule in ("trapezoid", "cosine", "step", "constant"):
        rising = rates(100, schedule=schedule, warm_up=0.4)[:41]
        assert np.diff(rising).tolist() == pytest.approx([0.8 / 40] * 40)
        assert rising[-1] == 1


def test_constant_stays_at_its_peak():
    assert set(rates(100, schedule="constant", warm_up=0.0)) == {1.0}
