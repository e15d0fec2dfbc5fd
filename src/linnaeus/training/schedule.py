"""The learning rate over a run: up in the first part, then straight down to nothing.

A run's length may change while it runs (`Pace`). What is left of the schedule is then stretched
or pressed over what is left of the steps, so the last part, at the low rates where accuracy is
made, is always reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Pace", "learning_rate_factor", "progress_at"]

WARM_UP = 0.02  # of the run: enough for the batch statistics and momentum to settle
HOLD = 0.15  # of the run at the full rate before it falls
START = 0.2  # of the full rate, at the first step


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


def learning_rate_factor(progress: float) -> float:
    """The share of the peak learning rate at `progress` (0 to 1) of the run."""
    if progress < WARM_UP:
        return START + (1.0 - START) * progress / WARM_UP
    return min(1.0, (1.0 - progress) / (1.0 - HOLD))
