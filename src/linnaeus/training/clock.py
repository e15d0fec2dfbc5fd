"""The time that training may take, and how many steps fit into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Clock", "Pacemaker"]

MEASURED_AFTER = 4  # steps: the first ones also pay for allocations and kernels' set-up
FIRST_PLAN_AFTER = 12  # steps: eight measured ones tell the speed to a few per cent
REPLAN_FRACTION = 0.05  # of the budget: how often the speed is looked at again
DRIFT = 0.02  # of the steps left: smaller disagreements are noise, not worth a new plan
RESERVE = 0.01  # of the budget, kept for the last steps being slower than the average


class Clock:
    """Seconds since it was made. `now` may be any clock that only goes forwards."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._start = now()

    def seconds(self) -> float:
        """Seconds since this clock was made."""
        return self._now() - self._start

    def go_on(self, seconds: float) -> None:
        """Be as far as a clock that another process looked at, when it said `seconds`."""
        self._start = self._now() - seconds


@dataclass
class Pacemaker:
    """Says how many steps there will be in all, from the speed at which they go.

    Time for validation is measured apart and set aside for the validations that are still due.
    Until the first one, it is taken to last as long as `validation_steps` steps.
    """

    budget_s: float
    clock: Clock
    validation_steps: float
    _validation_s: float | None = None
    _steps: int = 0
    _mark_step: int = 0
    _mark_s: float = 0.0
    _looked_s: float = field(default=0.0)

    def stepped(self) -> None:
        """Note that one more step is done."""
        self._steps += 1
        if self._steps == MEASURED_AFTER:
            self._mark(self.clock.seconds())

    def validated(self, seconds: float) -> None:
        """Note that a validation took `seconds`; it is no part of the speed of steps."""
        self._validation_s = seconds
        self._mark_s += seconds

    def go_on(self, steps: int, validation_s: float | None) -> None:
        """Go on after `steps` of another process, whose speed is measured anew."""
        self._steps, self._validation_s = steps, validation_s
        self._mark(self.clock.seconds())
        if steps >= FIRST_PLAN_AFTER:
            self._looked_s = self._mark_s

    @property
    def validation_s(self) -> float | None:
        """Seconds that the last validation took; None before the first."""
        return self._validation_s

    def spent(self) -> bool:
        """Whether no time is left but for the last validation, whatever was planned."""
        return self.clock.seconds() + (self._validation_s or 0.0) >= self.budget_s

    def due(self) -> bool:
        """Whether it is time to look at the speed again."""
        if self._steps < FIRST_PLAN_AFTER or self._steps == self._mark_step:
            return False
        first = self._looked_s == 0.0
        return first or self.clock.seconds() - self._looked_s >= REPLAN_FRACTION * self.budget_s

    def steps_in_all(self, planned: int, validations_left: int) -> int:
        """The steps that fit, or `planned` where the speed still agrees with it."""
        now = self.clock.seconds()
        per_step = (now - self._mark_s) / (self._steps - self._mark_step)
        validation_s = self._validation_s or self.validation_steps * per_step
        left = self.budget_s * (1 - RESERVE) - now - validations_left * validation_s
        first = self._looked_s == 0.0
        self._looked_s = now
        fitting = self._steps + max(1, round(left / per_step))
        if not first:
            self._mark(now)
        drifted = abs(fitting - planned) > DRIFT * max(1, planned - self._steps)
        return fitting if first or drifted else planned

    def _mark(self, now: float) -> None:
        self._mark_step, self._mark_s = self._steps, now
