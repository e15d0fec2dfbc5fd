"""A training under way: what it has learnt, how far it is, and its steps until it ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from linnaeus.errors import LearningError, Stopped, Terminated
from linnaeus.progress import Progress, Stage
from linnaeus.training.batch_statistics import estimate_anew
from linnaeus.training.batches import Batches
from linnaeus.training.clock import Clock
from linnaeus.training.in_flight import InFlight
from linnaeus.training.loss_record import LossRecord
from linnaeus.training.pacing import Pacing
from linnaeus.training.pass_watch import PassWatch
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import autocast, keep_freed_memory
from linnaeus.training.resizing import resized
from linnaeus.training.resolved_plan import first_pace
from linnaeus.training.row import Row
from linnaeus.training.saving import Saver
from linnaeus.training.schedule import progress_at
from linnaeus.training.state import State
from linnaeus.training.step import Step
from linnaeus.training.team import Team
from linnaeus.training.training_score import TrainingScore
from linnaeus.training.validation import Validation

__all__ = ["LOOP", "Ended", "Fitted", "Learning"]

Ended = Literal["finished", "budget", "stopped", "patience"]

LOOP = "loop"
"""What a training is called among what is saved of a run."""

SKIPPED_IN_A_ROW = 3
"""Losses that are no numbers after which it is the weights that are at fault, and not a batch."""

MOST_TIMES_BACK = 3
"""With half the rate each time, an eighth at last; what fails then is not mended by the rate."""

OFFENDING = "offending-batch"

STATISTICS_PICTURES = 4096  # they tell a channel's mean to 1/64 of a deviation, or better


@dataclass(frozen=True)
class Fitted:
    """What a training gave.

    `network` is in float32, in eval mode, on the processor, with the best averaged weights seen
    on validation. `plan` is resolved: running it again repeats these bits on the same machine
    with the same number of threads. `ended` is "budget" only where the clock cut the schedule
    short, not where the schedule was made to fit the budget and ran to its end; "patience" where
    validation had stopped getting better.
    """

    network: nn.Module
    history: tuple[Row, ...]
    steps: int
    seconds: float
    ended: Ended
    epochs: float
    plan: TrainingPlan


class Learning:
    """One training: what it has learnt, and how far it is."""

    def __init__(
        self,
        taker: Step,
        score: TrainingScore,
        batches: Batches,
        validation: Validation,
        *,
        plan: TrainingPlan,
        clock: Clock,
        device: str,
        judging_cost: float,
        team: Team,
        watch: PassWatch,
        saver: Saver,
        progress: Progress,
    ) -> None:
        self.progress = progress
        self.plan = plan
        self.device = device
        self.clock = clock
        self.batches = batches
        self.validation = validation
        self.team = team
        self.saver = saver
        self.taker = taker
        self.score = score
        self.watch = watch
        self.pacing = Pacing(
            plan,
            clock,
            first_pace(plan, batches),
            epoch_steps=batches.epoch_steps,
            validation_steps=judging_cost * validation.count / batches.size,
            team=team,
        )
        self.step = 0
        self.validated_at = 0
        self.within_step = False
        self.losses = LossRecord(device)
        self.in_flight = InFlight(device)
        self.gone_back = 0
        self.start: dict[str, Tensor] = taker.average.state()
        self.history: list[Row] = []
        self.best: tuple[tuple[float, float], dict[str, Tensor]] | None = None
        self.validations_in_vain = 0
        self.ended: Ended | None = None

    def learn(self, stop: Callable[[], bool]) -> Ended:
        """Step until the plan is done, the budget is spent or `stop` says so; then save it.

        Raises Terminated where the saver's Ending asks for it, and saves it before that.
        """
        keep_freed_memory()
        if self.ended is None:
            try:
                self.ended = self._learn(stop)
            except Terminated:
                if not self.within_step:  # else what was saved before stands
                    self._save()
                raise
            self._save()
        return self.ended

    def state(self) -> State:
        """Where the training stands between two steps; the tensors are those that change."""
        state = State(
            {
                "plan": self.plan.model_dump(mode="json"),
                "step": self.step,
                "validated_at": self.validated_at,
                "validations_in_vain": self.validations_in_vain,
                "ended": self.ended,
                "gone_back": self.gone_back,
                "seconds": self.clock.seconds(),
                "pacing": self.pacing.facts(),
            },
            {"history": torch.tensor(self.history, dtype=torch.float64)},
        )
        state.add("taker", self.taker.state())
        state.add("losses", self.losses.state())
        state.add("score", self.score.state())
        if self.best is not None:
            state.add("best", State({"score": list(self.best[0])}, self.best[1]))
        state.add("start", State(tensors=self.start))
        return state

    def restore(self, state: State) -> None:
        """Go on where the training of `state` stood."""
        facts = state.facts
        self.step, self.validated_at = facts["step"], facts["validated_at"]
        self.validations_in_vain, self.ended = facts["validations_in_vain"], facts["ended"]
        self.clock.go_on(facts["seconds"])
        self.pacing.restore(facts["pacing"], self.step)
        self.history = [Row(*row) for row in state.tensors["history"].tolist()]
        self.taker.restore(state.of("taker"))
        self.losses.restore(state.of("losses"))
        self.score.restore(state.of("score"))
        self.watch.go_on(self.step * self.batches.size)
        self.gone_back = facts["gone_back"]
        self.start = state.of("start").tensors
        if "best" in facts:
            accuracy, loss = facts["best"]["score"]
            self.best = (accuracy, loss), state.of("best").tensors

    def _learn(self, stop: Callable[[], bool]) -> Ended:
        timed = self.pacing.by_the_clock
        total = self.plan.budget_s if timed else float(self.pacing.steps)
        with self.progress.stage("Learning", total) as stage, self.saver.ending.held():
            stage.advance((self.clock.seconds() if timed else float(self.step)) if self.step else 0)
            self._validate_if_due()  # an earlier process may have been ended within
            while self.step < self.pacing.steps:
                stopped, terminated = self.team.as_led(stop(), self.saver.ending.asked)
                if terminated:
                    raise Terminated
                if stopped:
                    self._leave_early()
                    return "stopped"
                self._take_step()
                self._validate_if_due()
                self._tell(stage, self.clock.seconds() - self.pacing.step_began_s if timed else 1.0)
                if self.validations_in_vain == self.plan.patience:
                    self._lose_patience()
                    return "patience"
                if self.saver.due():
                    self._save()
        return "budget" if self.pacing.cut_short else "finished"

    def _save(self) -> None:
        self.saver.keep(LOOP, self.state())
        self.saver.save()

    def fitted(self, ended: Ended) -> Fitted:
        """The best of what was learnt. Raises LearningError where that answers with no numbers."""
        if self.best is None:
            raise LearningError(
                "the answers on validation are no numbers",
                where="training",
                mend="Lower the learning rate, or train in float32.",
            )
        network = self.taker.average.network()
        network.load_state_dict(self.best[1])
        return Fitted(
            network=network.to("cpu").float().eval(),
            history=tuple(self.history),
            steps=self.step,
            seconds=self.clock.seconds(),
            ended=ended,
            epochs=self.step / self.batches.epoch_steps,
            plan=self.plan.model_copy(update={"paces": tuple(self.pacing.paces)}),
        )

    def _take_step(self) -> None:
        self.within_step = True
        self.pacing.begin_step()
        progress = progress_at(self.step, self.pacing.paces)
        views, targets = self.batches.at(self.step)
        views = resized(views, progress, self.plan)
        self.losses.note(self.taker.take(self.step, progress, views, targets))
        self.in_flight.begun()
        if self.taker.fell_back:
            self._note_fall_back()
        if self.taker.parts != self.plan.accumulate:
            self._note_parts()
        if self.losses.skipped and (self.device == "cpu" or self.team.size == 1):
            self._mind_the_loss(views, targets)
        self.step += 1
        self.pacing.end_step(self.step)
        self.within_step = False

    def _note_fall_back(self) -> None:
        """Tell that steps are no longer recorded."""
        self.progress.warn(
            f"From step {self.step} on, steps are not recorded on the GPU and replayed, which may"
            f" be slower: {self.taker.fell_back}."
        )
        self.taker.fell_back = ""

    def _note_parts(self) -> None:
        """Tell, and have in the plan, that batches find no memory any more but in parts."""
        parts = self.taker.parts
        self.plan = self.plan.model_copy(update={"accumulate": parts})
        self.progress.warn(
            f"{self.batches.size} pictures at a time find no memory. From step {self.step} on they"
            f" go through the network in {parts} parts; a step is still that of all of them."
        )

    def _mind_the_loss(self, views: Tensor, targets: Tensor) -> None:
        """Tell that the newest loss is no number; go back where that is not the first time.

        Where losses are not read at once, one that is no number has moved the weights already.
        """
        if self.device == "cpu" and self.losses.skipped < SKIPPED_IN_A_ROW:
            self.progress.warn(
                f"The loss of step {self.step} is no number: nothing is learnt from its batch."
            )
            return
        if self.gone_back == MOST_TIMES_BACK:
            raise self._gives_up(views, targets)
        self._go_back(f"{self.losses.skipped} losses in a row are no numbers")

    def _go_back(self, why: str) -> None:
        """Go on from the best weights on validation, or those at first, at half the rate."""
        self.gone_back += 1
        self.taker.go_back(self.best[1] if self.best else self.start, 0.5)
        self.losses.skipped = 0
        where = "the best weights so far" if self.best else "the weights that it began with"
        self.progress.warn(
            f"At step {self.step} {why}: learning goes back to {where}, at half the rate."
        )

    def _gives_up(self, views: Tensor, targets: Tensor) -> LearningError:
        """Set aside the batch on which learning ends."""
        facts = {
            "step": self.step,
            "learning_rate": self.taker.learning_rate,
            "places": self.batches.places(self.step).tolist(),
        }
        kept = self.saver.set_aside(OFFENDING, State(facts, {"views": views, "targets": targets}))
        return LearningError(
            f"the loss of step {self.step} is no number, also at an eighth of the learning rate",
            where="training",
            mend=(f"Look at the batch in {kept}; l" if kept else "L")
            + "ower the learning rate, or train in float32.",
        )

    def _validate_if_due(self) -> None:
        epoch, rest = divmod(self.step, self.batches.epoch_steps)
        last = self.step >= self.pacing.steps
        due = last or (rest == 0 and epoch % self.pacing.epochs_between_validations == 0)
        if due and self.validated_at < self.step:
            self._validate()

    def _validate(self) -> None:
        self.losses.read()  # which waits for the device, whose steps are not over before
        start_s = self.clock.seconds()
        with self.saver.ending.at_once():  # nothing that is saved changes here
            loss, accuracy = self.validation.judge(self._averaged())
        now_s = self.clock.seconds()
        self.validated_at = self.step
        train_loss = self.team.total(self.losses.mean())[0] / self.team.size
        right, seen = self.team.total(*self.score.counted())
        self.pacing.end_validation(now_s - start_s)
        if self.validation.count and not math.isfinite(loss):
            if self.gone_back < MOST_TIMES_BACK:
                self._go_back("the answers on validation are no numbers")
            return
        pictures = self.step * self.batches.size
        row = Row(
            epoch=self.step / self.batches.epoch_steps,
            seconds=now_s,
            pictures_a_second=self.watch.speed(pictures, start_s),
            learning_rate=self.taker.learning_rate,
            train_loss=train_loss,
            train_accuracy=right / seen if seen else math.nan,
            validation_loss=loss,
            validation_accuracy=accuracy,
        )
        self.history.append(row)
        self.watch.passed(row, self.step, pictures)
        # Without validation pictures the newest weights are the best that is known.
        self._keep_best((accuracy, -loss) if math.isfinite(loss) else (float(self.step), 0.0))

    def _averaged(self) -> nn.Module:
        """The averaged weights with batch statistics that belong to them."""
        network = self.taker.average.network()
        if self.taker.average.lacks_statistics:
            recent = min(self.step, math.ceil(STATISTICS_PICTURES / self.batches.size))
            steps = range(self.step - recent, self.step)
            with autocast(str(self.plan.precision), self.device):
                estimate_anew(network, (self.batches.whole(step)[0] for step in steps))
        return network

    def _keep_best(self, score: tuple[float, float]) -> None:
        better = self.best is None or score > self.best[0]
        self.validations_in_vain = 0 if better else self.validations_in_vain + 1
        if self.best is None or score >= self.best[0]:
            self.best = score, self.taker.average.state()
            self.start = {}

    def _lose_patience(self) -> None:
        epoch_steps = self.batches.epoch_steps
        self.progress.say(
            f"Learning ended at epoch {self.step / epoch_steps:.1f} of"
            f" {self.pacing.steps / epoch_steps:.1f}: {self.validations_in_vain} validations in a"
            " row brought no better score."
        )
        self.pacing.end_at(self.step)

    def _leave_early(self) -> None:
        if self.step == 0:
            raise Stopped("stopped before there was a model to keep", mend="Nothing was written.")
        self.pacing.end_at(self.step)
        if self.validated_at < self.step:
            self._validate()

    def _tell(self, stage: Stage, amount: float) -> None:
        epoch_steps = self.batches.epoch_steps
        note = f"epoch {self.step / epoch_steps:.1f} of {self.pacing.steps / epoch_steps:.1f}"
        if self.history and math.isfinite(self.history[-1].validation_accuracy):
            figure = self.validation.figure
            note += f", {100 * self.history[-1].validation_accuracy:.1f} % {figure} on validation"
        stage.advance(amount, note)
