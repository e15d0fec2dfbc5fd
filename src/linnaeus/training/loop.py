"""The training loop: a network, pixels and a plan in; the fitted network and its history out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, rows_of
from linnaeus.errors import Stopped, Terminated, UsageError
from linnaeus.progress import Progress, Stage
from linnaeus.training.batch_statistics import estimate_anew
from linnaeus.training.batch_trial import tried_batch_size
from linnaeus.training.batches import Batches, batches_for
from linnaeus.training.clock import Clock
from linnaeus.training.compiled import check_compiled
from linnaeus.training.loss_record import LossRecord
from linnaeus.training.losses import loss_for
from linnaeus.training.pacing import Pacing
from linnaeus.training.pass_watch import PassWatch
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import autocast, check_precision, fast_precision, keep_freed_memory
from linnaeus.training.resizing import check_resizing, resized
from linnaeus.training.row import Row
from linnaeus.training.saving import Saver
from linnaeus.training.schedule import Pace, progress_at
from linnaeus.training.state import State
from linnaeus.training.step import Step
from linnaeus.training.team import ALONE, Team
from linnaeus.training.threads import threads_for
from linnaeus.training.training_score import TrainingScore
from linnaeus.training.usual import with_usual
from linnaeus.training.validation import Validation

__all__ = ["Ended", "Fitted", "Row", "TrainingPlan", "fit_network"]

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64] | NDArray[np.float32]
Ended = Literal["finished", "budget", "stopped", "patience"]

PART = "loop"  # of what is saved of a run

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


def fit_network(
    network: nn.Module,
    pixels: Pixels | PixelRows,
    labels: Labels,
    validation: tuple[Pixels | PixelRows, Labels],
    *,
    plan: TrainingPlan,
    clock: Clock,
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
    device: str = "cpu",
    rate_factors: Mapping[str, float] | None = None,
    judging_cost: float = 1 / 3,
    team: Team = ALONE,
    stage: str = "scratch",
    saver: Saver | None = None,
) -> Fitted:
    """Teach `network` the `labels` (n,) int64 of `pixels` (n, h, w, 3) uint8.

    Where a picture may have several labels, `labels` are (n, classes) float32, 1 for each.
    `network` takes such pixels itself (its first layer is a `Normalise`) and gives logits
    (n, classes); it is changed. Only batches of `pixels` are in memory, where these are rows of a
    mapped file or yet to be decoded. A budget counts from the making of `clock`. `stop` is asked
    at every step. `rate_factors`: the share of the plan's rates that a parameter, by its name,
    learns at; 1 where it has none. `judging_cost`: about what a picture that is judged takes,
    against one that is learnt from, where there is a way back through all of the network a third.
    Of a `team` every process calls this alike. `stage`: what `progress` is told that this is.
    `saver` is given where learning stands, now and then; what it holds of an earlier process is
    gone on with, to the same bits.

    Raises Stopped if `stop` says so before the first step is done, and UsageError if the loss
    stops being a number or the plan cannot be meant for these pictures.
    """
    rows = rows_of(pixels)
    on_device = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    saver = saver or Saver()
    found = saver.take(PART)
    if found is not None:
        resolved = TrainingPlan.model_validate(found.facts["plan"])
    else:
        resolved = _resolved(plan, rows.shape[0], device)
    if found is None and plan.batch_size == "auto":
        size = tried_batch_size(
            on_device, rows, labels, resolved, device=device, team=team, progress=progress
        )
        resolved = resolved.model_copy(update={"batch_size": size})
    _check(resolved, resolved.batch_size_for(rows.shape[0]), len(validation[1]), device, team)
    batches = batches_for(on_device, rows, labels, resolved, device=device, team=team)
    picture = torch.from_numpy(rows.take(np.zeros(1, np.int64))).to(device)
    check_resizing(on_device, picture, resolved)
    if resolved.compiled:
        check_compiled(on_device, picture, device)
    held_out = Validation(
        rows_of(validation[0]),
        validation[1],
        precision=str(resolved.precision),
        device=device,
        team=team,
    )
    score = TrainingScore(loss_for(resolved, labels), several=labels.ndim == 2)
    taker = Step(on_device, resolved, score, device, rate_factors, team)
    with threads_for(batches.size * batches.height_px * batches.width_px):
        run = _Training(
            taker,
            score,
            batches,
            held_out,
            plan=resolved,
            clock=clock,
            device=device,
            judging_cost=judging_cost,
            team=team,
            watch=PassWatch(progress, stage, clock, device),
            saver=saver,
        )
        if found is not None:
            run.restore(found)
        ended = run.learn(progress, stop)
    return run.fitted(ended)


class _Training:
    """The state of one training: what it has learnt, and how far it is."""

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
    ) -> None:
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
            _first_pace(plan, batches),
            epoch_steps=batches.epoch_steps,
            validation_steps=judging_cost * validation.count / batches.size,
            team=team,
        )
        self.step = 0
        self.validated_at = 0
        self.within_step = False
        self.losses = LossRecord(device)
        self.history: list[Row] = []
        self.best: tuple[tuple[float, float], dict[str, Tensor]] | None = None
        self.validations_in_vain = 0
        self.ended: Ended | None = None

    def learn(self, progress: Progress, stop: Callable[[], bool]) -> Ended:
        """Step until the plan is done, the budget is spent or `stop` says so; then save it.

        Raises Terminated where the saver's Ending asks for it, and saves it before that.
        """
        keep_freed_memory()
        if self.ended is None:
            try:
                self.ended = self._learn(progress, stop)
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
        if "best" in facts:
            accuracy, loss = facts["best"]["score"]
            self.best = (accuracy, loss), state.of("best").tensors

    def _learn(self, progress: Progress, stop: Callable[[], bool]) -> Ended:
        timed = self.pacing.by_the_clock
        total = self.plan.budget_s if timed else float(self.pacing.steps)
        with progress.stage("Learning", total) as stage, self.saver.ending.held():
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
                    self._lose_patience(progress)
                    return "patience"
                if self.saver.due():
                    self._save()
        return "budget" if self.pacing.cut_short else "finished"

    def _save(self) -> None:
        self.saver.keep(PART, self.state())
        self.saver.save()

    def fitted(self, ended: Ended) -> Fitted:
        """The best of what was learnt."""
        assert self.best is not None
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
        self.step += 1
        self.pacing.end_step(self.step)
        self.within_step = False

    def _validate_if_due(self) -> None:
        epoch, rest = divmod(self.step, self.batches.epoch_steps)
        last = self.step >= self.pacing.steps
        due = last or (rest == 0 and epoch % self.pacing.epochs_between_validations == 0)
        if due and self.validated_at < self.step:
            self._validate()

    def _validate(self) -> None:
        start_s = self.clock.seconds()
        with self.saver.ending.at_once():  # nothing that is saved changes here
            loss, accuracy = self.validation.judge(self._averaged())
        now_s = self.clock.seconds()
        self.validated_at = self.step
        train_loss = self.team.total(self.losses.mean())[0] / self.team.size
        right, seen = self.team.total(*self.score.counted())
        self.pacing.end_validation(now_s - start_s)
        if self.validation.count and not math.isfinite(loss):
            raise UsageError(
                f"the answers stopped being numbers at step {self.step}",
                where="training",
                mend="Lower the learning rate, or train in float32.",
            )
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

    def _lose_patience(self, progress: Progress) -> None:
        epoch_steps = self.batches.epoch_steps
        progress.say(
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


def _check(
    plan: TrainingPlan, batch_size: int, validation_pictures: int, device: str, team: Team
) -> None:
    """Refuse what cannot be meant for batches of `batch_size` and so many validation pictures."""
    check_precision(str(plan.precision), device)
    if batch_size % team.size:
        raise UsageError(
            f"{team.size} processes cannot share a batch of {batch_size} evenly",
            where="the recipe's network.batch_size",
            mend=f"Give a multiple of {team.size}.",
        )
    share = batch_size // team.size
    if plan.compiled and team.size > 1:
        raise UsageError(
            f"a network that {team.size} processes teach together is not compiled",
            where="the recipe's network.compiled",
            mend="Leave it out, or start one process.",
        )
    if plan.accumulate > 1 and share < 2 * plan.accumulate:
        raise UsageError(
            f"a batch of {share} has no {plan.accumulate} parts of two pictures or more",
            where="the recipe's network.accumulate",
            mend="Give fewer parts, or a larger batch_size.",
        )
    if plan.patience is not None and validation_pictures == 0:
        raise UsageError(
            "without validation pictures nobody can say whether learning still helps",
            where="the recipe's network.patience",
            mend="Leave it out, or keep pictures for validation.",
        )


def _first_pace(plan: TrainingPlan, batches: Batches) -> Pace:
    epochs = plan.epochs_for(batches.count, min(batches.height_px, batches.width_px))
    return Pace(0, max(1, round(epochs * batches.epoch_steps)))


def _resolved(plan: TrainingPlan, images: int, device: str) -> TrainingPlan:
    """`plan` with nothing open: what depends on the data and the machine, and what is usual."""
    size = plan.batch_size_for(images, device)
    return with_usual(plan, epoch_steps=images // size).model_copy(
        update={"precision": plan.precision or fast_precision(device), "batch_size": size}
    )
