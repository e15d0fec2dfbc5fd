"""The training loop: a network, pixels and a plan in; the fitted network and its history out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from linnaeus.data.pixels import PixelRows, chunks, rows_of
from linnaeus.errors import Stopped, UsageError
from linnaeus.progress import Progress, Stage
from linnaeus.randomness import generator, number
from linnaeus.training.augment import Augmentation
from linnaeus.training.averaging import WeightAverage
from linnaeus.training.clock import Clock, Pacemaker
from linnaeus.training.optimisers import optimisers_for, set_learning_rate
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import autocast, fast_precision, keep_freed_memory
from linnaeus.training.schedule import Pace, learning_rate_factor, progress_at
from linnaeus.training.threads import ThreadTrial, threads_for

__all__ = ["Fitted", "Row", "TrainingPlan", "fit_network"]

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Ended = Literal["finished", "budget", "stopped"]

VALIDATIONS = 10  # about so many a run: each costs a few per cent of an epoch
VALIDATION_BATCH = 512
VALIDATION_PX = VALIDATION_BATCH * 96**2  # of larger pictures fewer, so that memory stays flat


class Row(NamedTuple):
    """One line of a run's history. Losses are means of cross-entropy (training's is smoothed).

    `epoch` counts passes over the training pictures and may be broken; `seconds` are the clock's.
    The validation figures are those of the averaged weights; NaN without validation pictures.
    """

    epoch: float
    seconds: float
    learning_rate: float
    train_loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Fitted:
    """What a training gave.

    `network` is in float32, in eval mode, on the processor, with the best averaged weights seen
    on validation. `plan` is resolved: running it again repeats these bits on the same machine
    with the same number of threads. `ended` is "budget" only where the clock cut the schedule
    short, not where the schedule was made to fit the budget and ran to its end.
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
) -> Fitted:
    """Teach `network` the `labels` (n,) int64 of `pixels` (n, h, w, 3) uint8.

    `network` takes such pixels itself (its first layer is a `Normalise`) and gives logits
    (n, classes); it is changed. Only batches of `pixels` are in memory, where these are rows of a
    mapped file or yet to be decoded. A budget counts from the making of `clock`. `stop` is asked
    at every step.

    Raises Stopped if `stop` says so before the first step is done, and UsageError if the loss
    stops being a number.
    """
    held_out = rows_of(validation[0]), validation[1]
    run = _Training(
        network, rows_of(pixels), labels, held_out, plan=plan, clock=clock, device=device
    )
    with threads_for(run.batch_px):
        ended = run.learn(progress, stop)
    return run.fitted(ended)


class _Training:
    """The state of one training: what it has learnt, and how far it is."""

    def __init__(
        self,
        network: nn.Module,
        pixels: PixelRows,
        labels: Labels,
        validation: tuple[PixelRows, Labels],
        *,
        plan: TrainingPlan,
        clock: Clock,
        device: str,
    ) -> None:
        self.device = device
        self.clock = clock
        count, height_px, width_px, _ = pixels.shape
        self.plan = _resolved(plan, count, device)
        self.pixels = pixels
        self.labels = torch.from_numpy(labels)
        self.validation = (validation[0], torch.from_numpy(validation[1]))
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = WeightAverage(self.network, plan.average_decay)
        self.optimisers = optimisers_for(self.network, self.plan)
        self.augment = Augmentation(plan.seed, bool(plan.mirror), plan.shift, plan.zoom)
        self.batch_size = self.plan.batch_size_for(count)
        self.batch_px = self.batch_size * height_px * width_px
        self.epoch_steps = count // self.batch_size
        self.paces = [p for p in self.plan.paces if p.at_step == 0] or [self._first_pace()]
        self.pacemaker = self._pacemaker()
        self.trial: ThreadTrial | None = None
        self.step = 0
        self.cut_short = False
        self.losses: list[float] = []
        self.history: list[Row] = []
        self.best: tuple[tuple[float, float], dict[str, Tensor]] | None = None

    def learn(self, progress: Progress, stop: Callable[[], bool]) -> Ended:
        """Step until the plan is done, the budget is spent or `stop` says so."""
        keep_freed_memory()
        timed = self.pacemaker is not None
        if timed:
            self.trial = ThreadTrial(torch.get_num_threads())
        total = self.plan.budget_s if timed else float(self.paces[-1].steps)
        with progress.stage("Learning", total) as stage:
            while self.step < self.paces[-1].steps:
                if stop():
                    self._leave_early()
                    return "stopped"
                before_s = self.clock.seconds()
                self._choose_threads()
                self._take_step()
                if self.trial is not None:
                    self.trial.stepped(self.clock.seconds() - before_s)
                self._keep_pace()
                if self._validation_due():
                    self._validate()
                self._tell(stage, self.clock.seconds() - before_s if timed else 1.0)
        return "budget" if self.cut_short else "finished"

    def fitted(self, ended: Ended) -> Fitted:
        """The best of what was learnt."""
        assert self.best is not None
        self.average.network.load_state_dict(self.best[1])
        paces = {"paces": tuple(self.paces)}
        return Fitted(
            network=self.average.network.to("cpu").float().eval(),
            history=tuple(self.history),
            steps=self.step,
            seconds=self.clock.seconds(),
            ended=ended,
            epochs=self.step / self.epoch_steps,
            plan=self.plan.model_copy(update=paces),
        )

    def _choose_threads(self) -> None:
        """Run the next step on as many threads as an earlier run did, or as a trial says."""
        if self.trial is not None and self.trial.threads() != self.paces[-1].threads:
            self.paces.append(Pace(self.step, self.paces[-1].steps, self.trial.threads()))
        if self.paces[-1].threads:
            torch.set_num_threads(self.paces[-1].threads)

    def _take_step(self) -> None:
        factor = learning_rate_factor(progress_at(self.step, self.paces))
        set_learning_rate(self.optimisers, factor)
        views, labels = self._batch()
        torch.manual_seed(number(self.plan.seed, "dropout", self.step))
        self.network.train()
        with autocast(str(self.plan.precision), self.device):
            logits = self.network(views)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.plan.label_smoothing)
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self.optimisers:
            optimiser.step()
        self.average.update()
        self._note(loss.item())

    def _batch(self) -> tuple[Tensor, Tensor]:
        """The views and labels of this step. Pictures that fill no batch wait for other epochs."""
        epoch, place = divmod(self.step, self.epoch_steps)
        if place == 0 or self.step == 0:
            count = self.pixels.shape[0]
            self.order = generator(self.plan.seed, "order", epoch).permutation(count)
        indices, after = (self._indices(place + ahead) for ahead in (0, 1))
        pixels = torch.from_numpy(self.pixels.take(indices))
        if place + 1 < self.epoch_steps:
            self.pixels.expect(after)
        views = self.augment(pixels, epoch, indices)
        return views.to(self.device), self.labels[torch.from_numpy(indices)].to(self.device)

    def _indices(self, place: int) -> Labels:
        """Which pictures make the batch at `place` of this epoch."""
        return self.order[place * self.batch_size :][: self.batch_size]

    def _note(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise UsageError(
                f"the loss stopped being a number at step {self.step}",
                where="training",
                mend="Lower the learning rate, or train in float32.",
            )
        self.losses.append(loss)
        self.step += 1

    def _validation_due(self) -> bool:
        epoch, rest = divmod(self.step, self.epoch_steps)
        last = self.step >= self.paces[-1].steps
        return last or (rest == 0 and epoch % self._epochs_between_validations() == 0)

    def _epochs_between_validations(self) -> int:
        return math.ceil(self.paces[-1].steps / self.epoch_steps / VALIDATIONS)

    def _validate(self) -> None:
        start_s = self.clock.seconds()
        loss, accuracy = self._judge()
        now_s = self.clock.seconds()
        if self.pacemaker is not None:
            self.pacemaker.validated(now_s - start_s)
        rate = self.optimisers[0].param_groups[0]["lr"]
        train_loss = float(np.mean(self.losses))
        epoch = self.step / self.epoch_steps
        self.history.append(Row(epoch, now_s, rate, train_loss, loss, accuracy))
        self.losses.clear()
        # Without validation pictures the newest weights are the best that is known.
        score = (accuracy, -loss) if math.isfinite(loss) else (float(self.step), 0.0)
        if self.best is None or score >= self.best[0]:
            self.best = score, self.average.state()

    @torch.no_grad()
    def _judge(self) -> tuple[float, float]:
        """Log loss and accuracy of the averaged weights on the validation pictures."""
        pixels, labels = self.validation
        if len(labels) == 0:
            return math.nan, math.nan
        total, right = 0.0, 0
        count, height_px, width_px, _ = pixels.shape
        size = max(1, min(VALIDATION_BATCH, VALIDATION_PX // (height_px * width_px)))
        batches = chunks(pixels, np.arange(count), size)
        for start, batch in zip(range(0, count, size), batches, strict=True):
            truth = labels[start : start + size].to(self.device)
            with autocast(str(self.plan.precision), self.device):
                logits = self.average.network(torch.from_numpy(batch).to(self.device))
            total += F.cross_entropy(logits.float(), truth, reduction="sum").item()
            right += int((logits.argmax(1) == truth).sum())
        return total / count, right / count

    def _keep_pace(self) -> None:
        """Change the number of steps in all, where an earlier run did or the clock asks for it."""
        self.paces.extend(p for p in self.plan.paces if p.at_step == self.step)
        if self.pacemaker is None or self.step >= self.paces[-1].steps:
            return
        self.pacemaker.stepped()
        planned = self.paces[-1].steps
        if self.pacemaker.spent():
            self.cut_short = True
            self._replan(self.step)
        elif self.pacemaker.due():
            left = (planned - self.step) / self.epoch_steps / self._epochs_between_validations()
            fitting = self.pacemaker.steps_in_all(planned, 1 + math.floor(left))
            if fitting != planned:
                self._replan(fitting)

    def _replan(self, steps: int) -> None:
        self.paces.append(Pace(self.step, steps, self.paces[-1].threads))

    def _leave_early(self) -> None:
        if self.step == 0:
            raise Stopped("stopped before there was a model to keep", mend="Nothing was written.")
        self._replan(self.step)
        if self.losses:
            self._validate()

    def _tell(self, stage: Stage, amount: float) -> None:
        epochs = self.paces[-1].steps / self.epoch_steps
        note = f"epoch {self.step / self.epoch_steps:.1f} of {epochs:.1f}"
        if self.history and math.isfinite(self.history[-1].validation_accuracy):
            note += f", {100 * self.history[-1].validation_accuracy:.1f} % right on validation"
        stage.advance(amount, note)

    def _first_pace(self) -> Pace:
        count, height_px, width_px, _ = self.pixels.shape
        epochs = self.plan.epochs_for(count, min(height_px, width_px))
        return Pace(0, max(1, round(epochs * self.epoch_steps)))

    def _pacemaker(self) -> Pacemaker | None:
        if self.plan.budget_s is None or self.plan.paces:
            return None
        # A picture judged costs about a third of one learnt from: there is no way back.
        steps = len(self.validation[1]) / self.batch_size / 3
        return Pacemaker(self.plan.budget_s, self.clock, validation_steps=steps)


def _resolved(plan: TrainingPlan, images: int, device: str) -> TrainingPlan:
    """`plan` with the choices that depend on the data and the machine made."""
    return plan.model_copy(
        update={
            "precision": plan.precision or fast_precision(device),
            "batch_size": plan.batch_size_for(images),
        }
    )
