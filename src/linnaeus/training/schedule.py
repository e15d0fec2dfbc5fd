"""The learning rate over a run: by default up in its first part, then straight down to nothing.

A run's length may change while it runs (`Pace`). What is left of the schedule is then stretched
or pressed over what is left of the steps, so the last part, at the low rates where accuracy is
made, is always reached.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from linnaeus.training.usual import with_usual

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Pace", "learning_rate_factor", "progress_at"]

HOLD = 0.15  # of the run after which the full rate begins to fall
START = 0.2  # of the full rate, at the first step of a warm-up
CYCLE_START = 25.0  # what one-cycle divides the full rate by at the first step,
CYCLE_END = 1e4  # and that by at the last


class Pace(NamedTuple):
    """From step `at_step` on, the run was meant to take `steps` steps in all.

    It ran on `threads` threads from there on, or on as many as PyTorch was set to (0).
    """

    at_step: int
    steps: int
    threads: int = 0


def progress_at(step: int, paces: Sequence[Pace]) -> float:
    """How much of the schedule is behind before step `step`, 0 to 1, under the paces so far.

    >>> progress_at(50, [Pace(0, 100)]), progress_at(75, [Pace(0, 100), Pace(50, 100)])
    (0.5, 0.75)
    >>> progress_at(100, [Pace(0, 100), Pace(50, 150)])
    0.75
    """
    done = 0.0
    for place, pace in enumerate(paces):
        until = min(step, paces[place + 1].at_step) if place + 1 < len(paces) else step
        done += (1.0 - done) * (until - pace.at_step) / max(1, pace.steps - pace.at_step)
        if until == step:
            break
    return min(1.0, done)


def learning_rate_factor(progress: float, plan: TrainingPlan) -> float:
    """The share of the peak learning rate at `progress` (0 to 1) of a run by `plan`."""
    plan = with_usual(plan)
    warm_up = plan.warm_up or 0.0
    if plan.schedule == "one-cycle":
        return _one_cycle(progress, warm_up)
    if progress < warm_up:
        return START + (1.0 - START) * progress / warm_up
    if plan.schedule == "cosine":
        return _cosine((progress - warm_up) / (1.0 - warm_up), 1.0, 0.0)
    if plan.schedule == "step":
        assert plan.milestones is not None
        assert plan.step_factor is not None
        return plan.step_factor ** sum(progress >= share for share in plan.milestones)
    if plan.schedule == "constant":
        return 1.0
    return min(1.0, (1.0 - progress) / (1.0 - max(HOLD, warm_up)))


def _one_cycle(progress: float, warm_up: float) -> float:
    """Up and down along cosines, from and to the rates of PyTorch's OneCycleLR."""
    if progress < warm_up:
        return _cosine(progress / warm_up, 1.0 / CYCLE_START, 1.0)
    return _cosine((progress - warm_up) / (1.0 - warm_up), 1.0, 1.0 / (CYCLE_START * CYCLE_END))


def _cosine(way: float, start: float, end: float) -> float:
    """From `start` to `end` along half a cosine, at the share `way` of it."""
    return end + (start - end) * (1.0 + math.cos(math.pi * way)) / 2.0
