"""The training loop: a network, pixels and a plan in; the fitted network and its history out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from linnaeus.data.pixels import PixelRows, rows_of
from linnaeus.progress import Progress
from linnaeus.training.batch_trial import tried_batch_size
from linnaeus.training.batches import batches_for
from linnaeus.training.clock import Clock
from linnaeus.training.compiled import check_compiled
from linnaeus.training.learning import LOOP, Ended, Fitted, Learning
from linnaeus.training.losses import loss_for
from linnaeus.training.pass_watch import PassWatch
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import at_work_on
from linnaeus.training.resizing import check_resizing
from linnaeus.training.resolved_plan import check_resolved, tell_smaller_batch, with_nothing_open
from linnaeus.training.row import Row
from linnaeus.training.saving import Saver
from linnaeus.training.step import Step
from linnaeus.training.team import ALONE, Team
from linnaeus.training.threads import threads_for
from linnaeus.training.training_score import TrainingScore
from linnaeus.training.validation import Validation

__all__ = ["LOOP", "Ended", "Fitted", "Row", "TrainingPlan", "fit_network"]

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64] | NDArray[np.float32]


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

    Raises Stopped if `stop` says so before the first step is done, UsageError if the plan cannot be
    meant for these pictures, and LearningError if the loss is no number again and again, or if
    there is not even memory for two pictures at a time.
    """
    rows = rows_of(pixels)
    on_device = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    saver = saver or Saver()
    found = saver.take(LOOP)
    if found is not None:
        resolved = TrainingPlan.model_validate(found.facts["plan"])
    else:
        resolved = with_nothing_open(plan, rows.shape[0], device)
        tell_smaller_batch(plan, rows.shape[0], progress)
    if found is None and plan.batch_size == "auto":
        size = tried_batch_size(
            on_device, rows, labels, resolved, device=device, team=team, progress=progress
        )
        by_trial = plan.model_copy(update={"batch_size": size})
        resolved = with_nothing_open(by_trial, rows.shape[0], device)
    size = resolved.batch_size_for(rows.shape[0])
    check_resolved(resolved, size, len(validation[1]), device, team)
    batches = batches_for(on_device, rows, labels, resolved, device=device, team=team)
    picture = torch.from_numpy(rows.take(np.zeros(1, np.int64))).to(device)
    check_resizing(on_device, picture, resolved)
    if resolved.compiled:
        check_compiled(on_device, picture)
    held_out = Validation(
        rows_of(validation[0]),
        validation[1],
        precision=str(resolved.precision),
        device=device,
        team=team,
    )
    score = TrainingScore(loss_for(resolved, labels), several=validation[1].ndim == 2)
    pixels_a_step = batches.size * batches.height_px * batches.width_px
    with threads_for(pixels_a_step), at_work_on(device):
        taker = Step(on_device, resolved, score, device, rate_factors, team)
        run = Learning(
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
            progress=progress,
        )
        if found is not None:
            run.restore(found)
        ended = run.learn(stop)
    return run.fitted(ended)
