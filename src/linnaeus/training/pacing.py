"""How long a training is, in steps: as planned, as an earlier run was, or as its clock allows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from linnaeus.training.clock import Clock, Pacemaker
from linnaeus.training.schedule import Pace
from linnaeus.training.team import ALONE, Team
from linnaeus.training.threads import ThreadTrial

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["Pacing"]

VALIDATIONS = 10  # about so many a run: each costs a few per cent of an epoch


class Pacing:
    """The paces of a training: how many steps it takes in all, as it goes, and on which threads.

    Those of an earlier run that `plan` holds are repeated; otherwise `first` holds until the clock
    of a plan with a budget asks for others. `validation_steps`: how many steps a validation is
    taken to last until one was measured. In a `team`, process 0 says how long the training is.
    `cut_short`: whether the clock has ended the schedule. `step_began_s`: when the last step did,
    by the clock.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        clock: Clock,
        first: Pace,
        *,
        epoch_steps: int,
        validation_steps: float,
        team: Team = ALONE,
    ) -> None:
        self.paces = [p for p in plan.paces if p.at_step == 0] or [first]
        self.cut_short = False
        self.step_began_s = 0.0
        self._to_repeat = plan.paces
        self._clock = clock
        self._team = team
        self._in_time = plan.budget_s is not None and not plan.paces
        self._epoch_steps = epoch_steps
        self._pacemaker: Pacemaker | None = None
        self._trial: ThreadTrial | None = None
        if plan.budget_s is not None and not plan.paces and team.leads:
            self._pacemaker = Pacemaker(plan.budget_s, clock, validation_steps=validation_steps)
            self._trial = ThreadTrial(torch.get_num_threads())
        self._agree(0)

    @property
    def steps(self) -> int:
        """How many steps the training takes in all, as things stand."""
        return self.paces[-1].steps

    @property
    def by_the_clock(self) -> bool:
        """Whether a budget decides how long the training is."""
        return self._in_time

    @property
    def epochs_between_validations(self) -> int:
        """So many that there are about `VALIDATIONS` of them."""
        return math.ceil(self.steps / self._epoch_steps / VALIDATIONS)

    def begin_step(self) -> None:
        """Run the next step on as many threads as an earlier run did, or as a trial says."""
        self.step_began_s = self._clock.seconds()
        if self.paces[-1].threads:
            torch.set_num_threads(self.paces[-1].threads)

    def end_step(self, steps: int) -> None:
        """Hear that `steps` are done. Changes how many there are, where that is due."""
        if self._trial is not None:
            self._trial.stepped(self._clock.seconds() - self.step_began_s)
        self.paces.extend(p for p in self._to_repeat if p.at_step == steps)
        if self._pacemaker is not None and steps < self.steps:
            self._keep_to_budget(self._pacemaker, steps)
        self._agree(steps)

    def end_validation(self, seconds: float) -> None:
        """Hear that a validation took `seconds`."""
        if self._pacemaker is not None:
            self._pacemaker.validated(seconds)

    def end_at(self, steps: int) -> None:
        """Let there be no more than the `steps` that are done."""
        self._replan(steps, steps)

    def facts(self) -> dict[str, Any]:
        """The paces so far, and what is known of the time that a validation takes."""
        maker = self._pacemaker
        return {
            "paces": [list(pace) for pace in self.paces],
            "cut_short": self.cut_short,
            "validation_s": maker.validation_s if maker else None,
        }

    def restore(self, facts: dict[str, Any], steps: int) -> None:
        """Go on after `steps` where another process stood: what its clock decided is kept.

        What a clock decides from here on is decided anew.
        """
        self.paces = [Pace(*pace) for pace in facts["paces"]]
        self.cut_short = facts["cut_short"]
        if self._pacemaker is not None:
            self._pacemaker.go_on(steps, facts["validation_s"])
        if self._in_time:
            self._agree(steps)

    def _keep_to_budget(self, pacemaker: Pacemaker, steps: int) -> None:
        pacemaker.stepped()
        if pacemaker.spent():
            self.cut_short = True
            self.end_at(steps)
        elif pacemaker.due():
            left = (self.steps - steps) / self._epoch_steps / self.epochs_between_validations
            fitting = pacemaker.steps_in_all(self.steps, 1 + math.floor(left))
            if fitting != self.steps:
                self._replan(steps, fitting)

    def _agree(self, at_step: int) -> None:
        """Take the threads of the trial, and in a team the length and threads of process 0."""
        threads = self._trial.threads() if self._trial else self.paces[-1].threads
        steps, threads, cut_short = self._team.as_led(self.steps, threads, self.cut_short)
        self.cut_short = bool(cut_short)
        if (steps, threads) != self.paces[-1][1:]:
            self.paces.append(Pace(at_step, steps, threads))

    def _replan(self, at_step: int, steps: int) -> None:
        self.paces.append(Pace(at_step, steps, self.paces[-1].threads))
