"""The learning-rate range test: a short training whose rate rises until it breaks (Smith 2015)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import ChosenRows, PixelRows
from linnaeus.errors import DataError, Stopped, UsageError
from linnaeus.files import write_json, write_whole
from linnaeus.models.catalogue import SMALL_CNN
from linnaeus.progress import Progress
from linnaeus.training.batch_trial import tried_batch_size
from linnaeus.training.batches import Batches, batches_for
from linnaeus.training.choice import choose_model
from linnaeus.training.compiled import check_compiled
from linnaeus.training.device import chosen_device
from linnaeus.training.losses import loss_for
from linnaeus.training.material import look
from linnaeus.training.network_size import usual_size
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import at_work_on
from linnaeus.training.rate_chart import rate_chart
from linnaeus.training.recipe import Recipe
from linnaeus.training.resolved_plan import check_resolved, tell_smaller_batch, with_nothing_open
from linnaeus.training.scratch import as_targets, new_network, plan_for
from linnaeus.training.step import Step
from linnaeus.training.stopping import stop_on_interrupt
from linnaeus.training.team import ALONE
from linnaeus.training.threads import threads_for

__all__ = ["RateRange", "lr_find", "lr_find_on", "suggested_place", "write_rate_range"]

STEPS = 100
LOWEST, HIGHEST = 1e-3, 1e2  # times the plan's own rates: both ends of a loss curve lie within
SMOOTHING = 0.9  # share of the running mean that a step keeps: about ten steps
BROKEN = 4.0  # times the least loss: the rate is too high, and the rest would tell nothing


@dataclass(frozen=True)
class RateRange:
    """What a range test measured: for each step its learning rate, its loss, and the smoothed loss.

    `suggested` and `planned` are learning rates: the one to take, and that of the recipe. Where
    there is a `head_learning_rate`, it rose in proportion, and `suggested_head` goes with it.
    `network` is the name of what learnt; empty where it has none.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggested: float
    planned: float
    suggested_head: float | None
    network: str = ""

    @property
    def settings(self) -> tuple[str, ...]:
        """The options with which `linnaeus train` takes the suggested rates."""
        given = [f"--set network.learning_rate={self.suggested:.2g}"]
        if self.suggested_head is not None:
            given.append(f"--set network.head_learning_rate={self.suggested_head:.2g}")
        return tuple(given)

    def to_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "network": self.network,
            "suggested": self.suggested,
            "suggested_head": self.suggested_head,
            "planned": self.planned,
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": list(self.smoothed),
        }


def lr_find(
    network: nn.Module,
    pixels: PixelRows,
    labels: NDArray[np.int64] | NDArray[np.float32],
    *,
    plan: TrainingPlan,
    progress: Progress,
    stop: Callable[[], bool] = lambda: False,
    device: str = "cpu",
) -> RateRange:
    """Try rising rates on `network`, which is spoilt by it, with `labels` (n,) of `pixels`.

    Raises Stopped if `stop` says so before the end, UsageError if the plan cannot be meant for
    these pictures, and DataError where the loss never fell.
    """
    on_device = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    plan = plan.model_copy(update={"averaging": "none"})
    tell_smaller_batch(plan, len(labels), progress)
    if plan.batch_size == "auto":
        resolved = with_nothing_open(plan, len(labels), device)
        size = tried_batch_size(
            on_device, pixels, labels, resolved, device=device, team=ALONE, progress=progress
        )
        plan = plan.model_copy(update={"batch_size": size})
    plan = with_nothing_open(plan, len(labels), device)
    if plan.compiled:
        picture = torch.from_numpy(pixels.take(np.zeros(1, np.int64))).to(device)
        check_compiled(on_device, picture)
    check_resolved(plan, plan.batch_size_for(len(labels)), len(labels), device, ALONE)
    batches = batches_for(on_device, pixels, labels, plan, device=device)
    pixels_a_step = batches.size * batches.height_px * batches.width_px
    with threads_for(pixels_a_step), at_work_on(device):
        step = Step(on_device, plan, loss_for(plan, labels), device, schedule=_rising)
        return _judged(_tried(step, batches, progress, stop), plan)


def lr_find_on(
    dataset: Dataset,
    recipe: Recipe,
    *,
    workers: int | None = None,
    cache: Cache | None = None,
    progress: Progress,
) -> RateRange:
    """The range test of the recipe's network on the training pictures of `dataset`.

    Raises UsageError where the recipe's network is a pretrained one, and as `lr_find` does.
    """
    by_size = recipe.model == "auto"
    choice = choose_model(SMALL_CNN if by_size else recipe.model)
    if choice.backbone is not None:
        raise UsageError(
            f"a head on the frozen features of {choice.name} has no learning rate",
            where="--model",
            mend="Name a network that learns from scratch, such as small_cnn.",
        )
    if choice.classical is not None:
        raise UsageError(
            f"{choice.name} is a classical model, and learns at no rate",
            where="--model",
            mend="Name a network that learns from scratch, such as small_cnn.",
        )
    device = chosen_device(recipe.device)
    recipe = recipe.model_copy(update={"model": choice.name})
    material = look(dataset, recipe, None, progress, workers, cache)
    learning = ChosenRows(material.pixels, material.train)
    if by_size:
        height_px, width_px = learning.shape[1:3]
        network = usual_size(height_px, width_px, quick=recipe.preset == "quick")
        progress.say(f"The rates of {network} are tried.")
        recipe = recipe.model_copy(update={"model": network})
    labels = as_targets(dataset.truth[material.train])
    plan, _ = plan_for(
        recipe,
        learning,
        labels,
        classes=dataset.classes,
        grey=material.grey,
        progress=progress,
    )
    with stop_on_interrupt(progress) as stop:
        found = lr_find(
            new_network(recipe, len(dataset.classes), learning),
            learning,
            labels,
            plan=plan,
            progress=progress,
            stop=stop,
            device=device,
        )
    return replace(found, network=recipe.model)


def suggested_place(smoothed: Sequence[float]) -> int:
    """Where on a loss curve the rate is best: two thirds down its longest fall.

    The longest run of ever lower losses, others between them left out, is the valley; near its end
    a rate is already too high to be kept. fastai calls it "valley". Quadratic in the steps.

    >>> suggested_place([3.0, 2.9, 2.5, 2.0, 1.5, 1.2, 1.0, 2.0, 4.0])
    4
    """
    longest = [1] * len(smoothed)
    before = [-1] * len(smoothed)
    for place, loss in enumerate(smoothed):
        for earlier in range(place):
            if smoothed[earlier] > loss and longest[earlier] >= longest[place]:
                longest[place], before[place] = longest[earlier] + 1, earlier
    end = int(np.argmax(longest))
    start = end
    while before[start] >= 0:
        start = before[start]
    return start + round((end - start) * 2 / 3)


def write_rate_range(folder: Path, measured: RateRange) -> None:
    """Write lr-find.json and the picture lr-find.svg into `folder`."""
    write_json(folder / "lr-find.json", measured.to_json())
    drawn = rate_chart(measured.rates, measured.losses, measured.smoothed, measured.suggested)
    write_whole(folder / "lr-find.svg", drawn)


def _tried(
    step: Step, batches: Batches, progress: Progress, stop: Callable[[], bool]
) -> list[float]:
    """The loss of each step, until all rates are tried or one breaks the training."""
    losses: list[float] = []
    with progress.stage("Trying learning rates", STEPS) as stage:
        for place in range(STEPS):
            if stop():
                raise Stopped("stopped before all rates were tried", mend="Nothing was written.")
            loss = step.take(place, place / (STEPS - 1), *batches.at(place)).item()
            if not math.isfinite(loss):
                break
            losses.append(loss)
            stage.advance(1.0, f"loss {loss:.3f}")
            if _is_broken(losses):
                break
    return losses


def _rising(progress: float) -> float:
    """What the plan's rates are multiplied by at `progress` (0 to 1) of the test."""
    return float(LOWEST * (HIGHEST / LOWEST) ** progress)


def _is_broken(losses: Sequence[float]) -> bool:
    smoothed = _smoothed(losses)
    return smoothed[-1] > BROKEN * min(smoothed)


def _smoothed(losses: Sequence[float]) -> list[float]:
    """The running mean of `losses`, as if it had begun long ago."""
    mean, smoothed = 0.0, []
    for place, loss in enumerate(losses, 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed.append(mean / (1 - SMOOTHING**place))
    return smoothed


def _judged(losses: Sequence[float], plan: TrainingPlan) -> RateRange:
    assert plan.learning_rate is not None
    smoothed = _smoothed(losses)
    if len(losses) < 3 or min(smoothed[1:]) >= smoothed[0]:
        raise DataError(
            "the loss fell at none of the learning rates that were tried",
            where="lr-find",
            mend="Give another optimiser, network or loss: this one does not learn.",
        )
    factors = [_rising(place / (STEPS - 1)) for place in range(len(losses))]
    factor = factors[suggested_place(smoothed)]
    head = plan.head_learning_rate
    return RateRange(
        rates=tuple(plan.learning_rate * factor for factor in factors),
        losses=tuple(losses),
        smoothed=tuple(smoothed),
        suggested=plan.learning_rate * factor,
        planned=plan.learning_rate,
        suggested_head=None if head is None else head * factor,
    )
