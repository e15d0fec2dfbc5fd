"""Learning from scratch: any network by its name, trained for as long as there is time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from linnaeus.data.pixels import ChosenRows, PixelRows, rows_of
from linnaeus.models.airbench import measure_patches
from linnaeus.models.build import build
from linnaeus.models.normalise import Normalise
from linnaeus.models.reopened import Structure
from linnaeus.progress import Progress
from linnaeus.randomness import number
from linnaeus.training.asked_of_labels import check_of_labels
from linnaeus.training.augmentation.in_words import in_words
from linnaeus.training.augmentation.settled import passes_in, settled
from linnaeus.training.clock import Clock
from linnaeus.training.defensive_distillation import distilled_lesson
from linnaeus.training.exported import (
    epoch_facts,
    graph_of,
    save_network,
    speed_of,
    take_weights,
)
from linnaeus.training.learned import Learned
from linnaeus.training.loop import Fitted, fit_network
from linnaeus.training.losses import ordered_weights
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.team import ALONE, Team

__all__ = ["as_targets", "learn_from_scratch", "new_network", "plan_for"]

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


def learn_from_scratch(
    pixels: Pixels | PixelRows,
    labels: Labels | NDArray[np.bool_],
    train: Labels,
    validation: Labels,
    *,
    classes: Sequence[str],
    grey: bool,
    recipe: Recipe,
    progress: Progress,
    stop: Callable[[], bool],
    team: Team = ALONE,
    passes: float | None = None,
    saver: Saver | None = None,
    start: Path | None = None,
) -> Learned:
    """Teach the recipe's network the rows `train` of `pixels` (n, h, w, 3) uint8 and `labels` (n,).

    Where a picture may have several labels, `labels` are (n, classes) bool. Its weights are new.
    `grey` says whether the pictures are; it decides, with the class names and, where the recipe
    asks for that, the training pictures, about augmentation. The recipe's device is a resolved one.
    `passes`: about how many over the training pictures the budget is enough for, where measured.
    `saver`: as `training.loop.fit_network` takes it. `start`: the weights of a bundle of the same
    network, to go on from in place of new ones.
    Raises as `plan_for`, `models.build.build` and `training.loop.fit_network` do.
    """
    targets = as_targets(labels)
    clock = Clock()
    rows = rows_of(pixels)
    _, height, width, _ = rows.shape
    learning = ChosenRows(rows, train)
    plan, why = plan_for(
        recipe,
        learning,
        targets[train],
        classes=classes,
        grey=grey,
        progress=progress,
        passes=passes,
    )
    keeper = saver or Saver()

    def teach(
        plan: TrainingPlan,
        stop: Callable[[], bool],
        lesson: Labels | NDArray[np.float32] = targets[train],
        stage: str = "scratch",
    ) -> Fitted:
        return fit_network(
            _going_on(new_network(recipe, len(classes), learning), start),
            learning,
            lesson,
            (ChosenRows(rows, validation), targets[validation]),
            plan=plan,
            clock=clock,
            progress=progress,
            stop=stop,
            device=team.device(recipe.device),
            team=team,
            stage=stage,
            saver=keeper,
        )

    if plan.distil_at is None:
        fitted = teach(plan, stop)
    else:
        first = partial(teach, stage="teacher")
        lesson = distilled_lesson(first, learning, plan, stop, keeper, progress)
        fitted = teach(lesson.plan, stop, lesson.targets)
    return _learned(fitted, recipe, height, width, in_words(plan.augment, why))


def as_targets(labels: Labels | NDArray[np.bool_]) -> Labels | NDArray[np.float32]:
    """What a loss takes: `labels` (n,) int64, or of sets (n, classes) float32, 1 for each label."""
    return labels.astype(np.float32) if labels.ndim == 2 else labels.astype(np.int64)


def plan_for(
    recipe: Recipe,
    pixels: PixelRows,
    labels: Labels | NDArray[np.float32],
    *,
    classes: Sequence[str],
    grey: bool,
    progress: Progress,
    passes: float | None = None,
) -> tuple[TrainingPlan, str]:
    """The recipe's plan with what depends on the training `pixels` with `labels` (n,), and why.

    `grey` says whether the pictures are. The reason is of the augmentation, and told. `labels` may
    also be (n, classes) float32. `passes`: as for `learn_from_scratch`. Raises UsageError for a
    loss that cannot be meant for them.
    """
    plan = recipe.network.model_copy(update={"seed": recipe.seed})
    check_of_labels(plan, classes, several=labels.ndim == 2)
    if labels.ndim == 2:
        plan = plan.model_copy(update={"loss": "binary"})
    if isinstance(plan.class_weights, dict):
        weights = ordered_weights(plan.class_weights, classes)
        plan = plan.model_copy(update={"class_weights": weights})
    if recipe.budget_s is not None and not plan.paces:
        plan = plan.model_copy(update={"budget_s": recipe.budget_s})
    augment, why = settled(
        plan.augment,
        pixels,
        labels,
        classes=classes,
        grey=grey,
        passes=_passes(plan, pixels) if passes is None else passes,
        seed=recipe.seed,
    )
    if why:
        progress.say(why)
    return plan.model_copy(update={"augment": augment}), why


def new_network(recipe: Recipe, classes: int, pixels: PixelRows) -> nn.Sequential:
    """The recipe's network for `pixels` behind their `Normalise`, its weights drawn by the seed."""
    torch.manual_seed(number(recipe.seed, "weights") % 2**63)
    _, height_px, width_px, _ = pixels.shape
    network = build(
        recipe.model,
        classes=classes,
        height_px=height_px,
        width_px=width_px,
        head=recipe.head,
        dropout=recipe.dropout,
        batch_norm=recipe.batch_norm,
    )
    normalise = Normalise.measured_on(pixels)
    measure_patches(network, normalise, pixels)
    return nn.Sequential(normalise, network)


def _going_on(network: nn.Sequential, start: Path | None) -> nn.Sequential:
    """`network` with the weights that a bundle of it keeps in `start`, or as it is."""
    if start is not None:
        take_weights(start, network[0], network[1])
    return network


def _passes(plan: TrainingPlan, pixels: PixelRows) -> float:
    """About how often each of the pictures will be seen."""
    count, height, width, _ = pixels.shape
    if plan.budget_s is not None and not plan.paces:
        return passes_in(plan.budget_s, count, height, width)
    return plan.epochs_for(count, min(height, width))


def _learned(fitted: Fitted, recipe: Recipe, height: int, width: int, augmentation: str) -> Learned:
    normalise, network = fitted.network[0], fitted.network[1]  # type: ignore[index]
    return Learned(
        graph=graph_of(normalise, network, height, width),
        save_weights=lambda path: save_network(path, normalise, network),
        architecture=recipe.model,
        structure=Structure(head=recipe.head, dropout=recipe.dropout, batch_norm=recipe.batch_norm),
        parameters=sum(p.numel() for p in network.parameters()),
        seconds=fitted.seconds,
        ended=fitted.ended,
        recipe=recipe.model_copy(update={"network": fitted.plan}),
        history=tuple(epoch_facts(row, "scratch") for row in fitted.history),
        speeds={"scratch": speed_of(fitted.history)},
        augmentation=augmentation,
    )
