"""Fine-tuning: a pretrained network under its head, taught on by the training loop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from linnaeus.data.pixels import ChosenRows, PixelRows, chunks
from linnaeus.models.build import build
from linnaeus.models.depth import depths_of
from linnaeus.models.folded_norms import unfold
from linnaeus.models.network import Network
from linnaeus.models.standardise import Standardise
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.randomness import number
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.clock import Clock
from linnaeus.training.head import Head
from linnaeus.training.loop import Fitted, fit_network
from linnaeus.training.losses import ordered_weights
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.probe import Probe, pretrained_normalisation
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.scratch import as_targets
from linnaeus.training.transfer_plan import StageName, TransferStage, cost_of
from linnaeus.training.tunable import Tunable
from linnaeus.training.usual import OPTIMISERS

__all__ = [
    "EPOCHS",
    "MANY_PICTURES",
    "OF_MUON",
    "Lesson",
    "answers",
    "stage_plan",
    "tunable_from_head",
    "tunable_from_probe",
    "tune",
]

BATCH = 32
"""Pictures a step, where the recipe does not say: few passes are made, so steps have to be many."""

EPOCHS: dict[StageName, float] = {"head": 20.0, "upper": 4.0, "whole": 8.0}
"""Passes without a budget: a head starts from nothing, the rest from what is good already."""

SHARE_OF_RATE, RATE_DECAY = 0.3, 0.7
"""Of the optimiser's usual rate, for what is good already, where nobody says one, and of that what
each stage of the network has of the one above it. At the rate that a new head wants, what is good
already is lost."""

MANY_PICTURES = 10_000
SHARE_OF_RATE_FOR_MANY, RATE_DECAY_FOR_MANY = 0.5, 0.8
"""The same where there are `MANY_PICTURES` to learn from. From 24,000 of CIFAR-10 at 72 px, each
seen once, MobileNetV2 came to 85.2 % on validation, at 0.3 and 0.7 to 83.1 %."""

OF_MUON = ("momentum", "weight_decay", "head_learning_rate", "head_momentum")
"""What a plan says of muon and means nothing, or something else, for what tunes in its place."""

UPPER_SHARE = 1 / 3
"""Of a network's stages, those nearest the head. They hold most of its weights and take the smaller
part of its time, because their maps are small."""

Labels = NDArray[np.int64] | NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Lesson:
    """What is to be learnt.

    `pixels` (n, h, w, 3) uint8 with `labels` (n,) int64, places in `classes`, or, where a picture
    may have several, (n, classes) bool; `train` and
    `validation` are rows of both. `augment` has nothing left open, and `augmentation` says it in
    sentences. `digests` (n,): of the files and of what makes pixels of them, so that later runs
    know the pictures again.
    """

    pixels: PixelRows
    labels: Labels
    train: Rows
    validation: Rows
    classes: Sequence[str]
    augment: AugmentPlan
    augmentation: str = ""
    digests: Sequence[str] | None = None


def tunable_from_probe(probe: Probe, head: Head, recipe: Recipe) -> Tunable:
    """The network that answers as `head` does on the features of `probe`, ready to be tuned."""
    standardise = Standardise(head.shift, head.scale)
    network = Network(probe.stages, standardise, len(head.scale), len(head.bias))
    weight, bias = head.unfolded()
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(weight))
        network.head.bias.copy_(torch.from_numpy(bias))
    depths = {f"body.backbone.{name}": d for name, d in depths_of(probe.network).items()}
    return Tunable(
        probe.module.normalise,
        network,
        depths,
        freeze_batch_norm=recipe.transfer.freeze_batch_norm,
    ).eval()


def tunable_from_head(backbone: Backbone, lesson: Lesson, recipe: Recipe) -> Tunable:
    """`backbone` under the recipe's head, which is new. Raises as `models.build.build` does."""
    _, height, width, _ = lesson.pixels.shape
    torch.manual_seed(number(recipe.seed, "weights") % 2**63)
    network = build(
        backbone.architecture,
        classes=len(lesson.classes),
        height_px=height,
        width_px=width,
        head=recipe.head,
        dropout=recipe.dropout,
        batch_norm=recipe.batch_norm,
        pretrained=backbone,
    )
    pretrained: Any = network.body.network
    depths = {f"body.network.{name}": d for name, d in depths_of(pretrained).items()}
    return Tunable(
        pretrained_normalisation(pretrained),
        network,
        depths,
        freeze_batch_norm=recipe.transfer.freeze_batch_norm,
    )


def tune(
    start: Tunable,
    lesson: Lesson,
    stage: TransferStage,
    recipe: Recipe,
    *,
    budget_s: float | None,
    progress: Progress,
    stop: Callable[[], bool],
    saver: Saver | None = None,
) -> Fitted:
    """Teach a copy of `start` the part that `stage` names, for as long as it or `budget_s` says.

    `saver`: as `training.loop.fit_network` takes it.
    Raises as `training.loop.fit_network` does.
    """
    targets = as_targets(lesson.labels)
    usual_decay = RATE_DECAY_FOR_MANY if _many(lesson) else RATE_DECAY
    network = copy.deepcopy(start)
    network.learn_from(_lowest(stage.learns, network.stages, recipe.transfer.frozen or 0))
    network.fold()
    fitted = fit_network(
        network,
        ChosenRows(lesson.pixels, lesson.train),
        targets[lesson.train],
        (ChosenRows(lesson.pixels, lesson.validation), targets[lesson.validation]),
        plan=stage_plan(stage, recipe, lesson, budget_s),
        clock=Clock(),
        progress=progress,
        stop=stop,
        device=recipe.device,
        rate_factors=network.rate_factors(recipe.transfer.rate_decay or usual_decay),
        judging_cost=1 / cost_of(stage.learns, recipe.transfer.frozen),
        stage=stage.learns,
        saver=saver,
    )
    unfold(fitted.network)
    return fitted


def stage_plan(
    stage: TransferStage, recipe: Recipe, lesson: Lesson, budget_s: float | None
) -> TrainingPlan:
    """How `stage` learns the `lesson` by `recipe`, in `budget_s` seconds where there is a clock."""
    given = recipe.network
    optimiser, rate = given.optimiser, given.learning_rate
    if optimiser == "muon":
        optimiser, rate = "adamw", None
    if rate is None:
        share = SHARE_OF_RATE_FOR_MANY if _many(lesson) else SHARE_OF_RATE
        rate = OPTIMISERS[optimiser]["learning_rate"]
        rate *= 1.0 if stage.learns == "head" else share
    update: dict[str, object] = {
        "seed": recipe.seed,
        "augment": lesson.augment,
        "optimiser": optimiser,
        "learning_rate": stage.learning_rate or rate,
        "batch_size": given.batch_size or BATCH,
        "epochs": stage.epochs or (EPOCHS[stage.learns] if budget_s is None else None),
        "budget_s": budget_s,
        "paces": stage.paces,
    }
    if lesson.labels.ndim == 2:
        update["loss"] = "binary"
    if isinstance(given.class_weights, dict):
        update["class_weights"] = ordered_weights(given.class_weights, lesson.classes)
    if given.optimiser == "muon":
        update |= dict.fromkeys(OF_MUON)
    return given.model_copy(update=update)


@torch.no_grad()
def answers(network: Tunable, pixels: PixelRows, rows: Rows) -> NDArray[np.float32]:
    """The logits (k, classes) of `network` for the pictures at `rows` (k,)."""
    logits = [network(torch.from_numpy(batch)).numpy() for batch in chunks(pixels, rows, BATCH)]
    return np.concatenate(logits) if logits else np.zeros((0, 0), np.float32)


def _many(lesson: Lesson) -> bool:
    return len(lesson.train) >= MANY_PICTURES


def _lowest(learns: StageName, stages: int, frozen: int) -> int:
    """The lowest of so many `stages` that learns; `stages` itself where only the head does.

    Of the whole, so many are `frozen`.
    """
    if learns == "whole":
        return min(frozen, stages)
    return stages if learns == "head" else stages - max(1, math.floor(UPPER_SHARE * stages))
