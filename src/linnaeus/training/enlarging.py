"""How large a pretrained network sees small pictures, how much of it learns, how long `best`
teaches it, and whether one from scratch does better, by the time.

Pretrained networks know pictures of 224 px. Smaller ones are made larger for them, and the larger,
the more they are right and the fewer passes there is time for.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from linnaeus.data.dataset import Dataset
from linnaeus.data.split_file import read_split_file
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.depth import depths_of
from linnaeus.models.folded_norms import fold
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.begun import DECIDED
from linnaeus.training.choice import Choice
from linnaeus.training.network_size import about_32_px
from linnaeus.training.precision import fast_precision
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.side_by_side import LEAST_PICTURES as LEAST_PICTURES_A_THREAD
from linnaeus.training.side_by_side import SideBySide
from linnaeus.training.sizing import LEAST_SIDE_PX, choose_preprocessing, sampled_sizes
from linnaeus.training.state import State
from linnaeus.training.suited import BEST_S
from linnaeus.training.threads import seconds_at_best
from linnaeus.training.transfer_plan import COST, LEAST_PICTURES, TransferPlan, least_passes
from linnaeus.training.tuning import BATCH, EPOCHS, MANY_PICTURES

__all__ = ["in_its_time"]

SIZE = "size"  # a part of what is saved of a run

SIDES_PX = tuple(range(LEAST_SIDE_PX - 8, 71, -8))
"""Tried in place of the usual one, from the largest down. In maps of two pixels a side, which most
networks come to below 65 px, PyTorch's depthwise convolutions take ten times as long as in maps of
three."""

PASSES = 2.0
"""Over the training pictures, that the whole network has to have time for at a size. Where it has
none for `least_passes` at the smallest, or for `LEAST_PICTURES` seen again and again, it learns
little beyond the head, which the usual size serves better."""

FEW_PASSES = EPOCHS["whole"]
"""Below which the stages nearest to the pictures stay as they are, where there are many. They have
little to learn, and their maps are large: with the first three frozen, MobileNetV2 learns from a
quarter more pictures in the same time."""

LIGHT, FEW_STAGES, CLEARLY_LESS = 0.01, 0.5, 0.95
"""Of a network's weights, of its stages, and of the seconds for a picture: what they may hold, be
and leave to be frozen."""

TRIALS = 3  # on all threads, and on one; the first pays for setting up
TRIAL_PICTURES = 8

SLOWER = 1.3
"""Times that a picture takes in a run, against the quickest of a trial: where there is hardly time
for the whole network, a head at the usual size is better than one at a size that was for more."""

LEAST_FOR_SCRATCH = 4_000
"""Pictures that the network would learn from, for one from scratch to be better than a head. In
10 s of CIFAR-10, where MobileNetV2 would learn from some 1,000, the other came to 22 %, in a minute
to 75 and in two to 81 %, and a head on MobileNetV2 to 70 %."""

HEADS_BEATEN = ("mobilenet",)
"""Beginnings of names of the networks whose heads were seen to be worse than that; larger ones may
well be better."""

SHARE_FOR_LEARNING = 0.8
"""Of a budget; the rest is for the first head, for judging, and for what a step does beside."""


def in_its_time(
    dataset: Dataset,
    recipe: Recipe,
    choice: Choice,
    network: nn.Module | None,
    *,
    progress: Progress,
    saver: Saver,
) -> tuple[Choice, Recipe]:
    """`recipe`, its device resolved, with a size of pictures, frozen stages and a budget with which
    `network`, the backbone of `choice`, can be taught, where these are left open and all of it is
    to learn, on a processor; and `choice`, or one from scratch where there is too little time for
    that and nobody asked for the network. Measures the speed of this machine, in a few seconds;
    what an earlier process of the run came to holds.
    """
    if choice.backbone is None or network is None or not _tunes_the_whole(recipe):
        return choice, recipe
    found = saver.take(SIZE)
    if found is not None:
        why, passes = found.facts.get("from_scratch", ""), found.facts.get("passes")
        recipe = _as_found(recipe, found.facts)
    elif saver.look(DECIDED) is not None:  # begun before there was anything to decide here
        return choice, recipe
    else:
        recipe, why, passes = _chosen(dataset, recipe, choice, choice.backbone, network, progress)
        decided = {
            "image_size_px": recipe.image_size_px,
            "budget_s": recipe.budget_s,
            "frozen": recipe.transfer.frozen,
            "from_scratch": why,
            "passes": passes,
        }
        saver.keep(SIZE, State(decided))
        saver.save()
    return Choice(None, why, by_time=True) if why else replace(choice, passes=passes), recipe


def _as_found(recipe: Recipe, facts: dict[str, Any]) -> Recipe:
    """`recipe` with what an earlier process of the run has decided."""
    sides = facts["image_size_px"]
    transfer = recipe.transfer.model_copy(update={"frozen": facts.get("frozen")})
    return recipe.model_copy(
        update={
            "image_size_px": None if sides is None else (sides[0], sides[1]),
            "budget_s": facts["budget_s"],
            "transfer": transfer,
        }
    )


def _tunes_the_whole(recipe: Recipe) -> bool:
    """Whether all of the network is to learn here, for as long as nobody has said yet."""
    stages = {stage.learns: stage for stage in transfer_stages(recipe)}
    open_ended = recipe.budget_s is not None or recipe.preset == "best"
    return recipe.device == "cpu" and "whole" in stages and not stages["whole"].paces and open_ended


def _chosen(
    dataset: Dataset,
    recipe: Recipe,
    choice: Choice,
    backbone: Backbone,
    network: nn.Module,
    progress: Progress,
) -> tuple[Recipe, str, float | None]:
    """The recipe, why a network from scratch is to learn by it, "" where `backbone` does, and about
    how many passes there is time for where that is less than the usual ones."""
    sizes = sampled_sizes(dataset)
    usual = choose_preprocessing(sizes, recipe, backbone)
    with progress.stage("Measuring how fast this machine learns"):
        usual_s = _seconds_a_picture(network, usual, recipe)
    if usual_s is None:
        return recipe, "", None
    pictures = _learnt_from(dataset, recipe)
    if recipe.budget_s is None:
        if recipe.transfer.stages is not None or _of_best(recipe) * usual_s * pictures < BEST_S:
            return recipe, "", None
        recipe = recipe.model_copy(update={"budget_s": BEST_S})
        progress.say(f"best: {BEST_S / 60:.0f} minutes, which its usual passes would not end in.")
    assert recipe.budget_s is not None
    learning_s = SHARE_FOR_LEARNING * recipe.budget_s / pictures
    if learning_s >= FEW_PASSES * usual_s:
        return recipe, "", None
    chosen = recipe
    light = _light(network) if recipe.transfer.frozen is None and pictures >= MANY_PICTURES else 0
    if light > 0:
        with progress.stage("Measuring it with its lowest stages as they are"):
            chosen, usual_s = _freezing(recipe, light, network, usual, usual_s)
    size, passes = usual, learning_s / usual_s
    if recipe.image_size_px is None:
        for smaller in _smaller(sizes, recipe, backbone, network, usual):
            if passes >= PASSES:
                break
            size, passes = smaller, learning_s / (usual_s * _area(smaller) / _area(usual))
    surely = passes / SLOWER
    if surely < least_passes(pictures) or (size != usual and surely * pictures < LEAST_PICTURES):
        if passes * pictures < LEAST_FOR_SCRATCH:
            return recipe, "", passes
        why = _more_from_scratch(recipe, choice, backbone, sizes, pictures, progress)
        return recipe, why, passes
    if chosen != recipe:
        progress.say(
            f"Frozen: the lowest of the {1 + max(depths_of(network).values())} stages of"
            f" {backbone.name}, {chosen.transfer.frozen} in number, so that the others learn from"
            " more pictures in the time there is (--set transfer.frozen=0 lets all learn)."
        )
    if size != usual:
        chosen = chosen.model_copy(update={"image_size_px": (size.height_px, size.width_px)})
        progress.say(
            f"Size: {size.height_px} × {size.width_px} px, at which {recipe.budget_s:,.0f} s are"
            f" about {passes:.1f} passes over {pictures:,} pictures; at the usual"
            f" {usual.height_px} × {usual.width_px} px they would be {learning_s / usual_s:.1f}."
        )
    return chosen, "", passes


def _more_from_scratch(
    recipe: Recipe,
    choice: Choice,
    backbone: Backbone,
    sizes: Sequence[tuple[int, int]],
    pictures: int,
    progress: Progress,
) -> str:
    """Why a network from scratch learns more than a head in the time there is; "" where it does
    not, or a pretrained network was asked for, in which case it is only told."""
    seen = recipe.image_size_px or np.median(sizes, axis=0)
    if pictures < MANY_PICTURES or not about_32_px(*map(int, seen)):
        return ""
    hardly = f"There is hardly time for more than a head on {backbone.name}"
    asked_for = recipe.head is not None or recipe.transfer != TransferPlan()
    if choice.by_time and not asked_for and backbone.name.startswith(HEADS_BEATEN):
        return (
            f"{hardly}, and from so many small pictures a network from scratch learns more in it"
            f" (--model {backbone.name} keeps to the head)."
        )
    progress.say(
        f"{hardly}: from so many small pictures a network from scratch may learn more in it"
        " (--model airbench-small)."
    )
    return ""


def _freezing(
    recipe: Recipe, light: int, network: nn.Module, usual: Preprocessing, usual_s: float
) -> tuple[Recipe, float]:
    """`recipe`, by which the lowest `light` stages of `network` stay as they are where that is
    clearly faster than `usual_s`, and the seconds that a picture takes then."""
    transfer = recipe.transfer.model_copy(update={"frozen": light})
    freezing = recipe.model_copy(update={"transfer": transfer})
    frozen_s = _seconds_a_picture(network, usual, freezing)
    if frozen_s is None or frozen_s > CLEARLY_LESS * usual_s:
        return recipe, usual_s
    return freezing, frozen_s


def _light(network: nn.Module) -> int:
    """How many of the lowest stages of `network` together hold few of its weights."""
    depths, weights = depths_of(network), Counter[int]()
    for name, parameter in network.named_parameters():
        weights[depths[name]] += parameter.numel()
    held = accumulate(weights[depth] for depth in range(1 + max(weights)))
    light = sum(some <= LIGHT * weights.total() for some in held)
    return min(light, math.floor(FEW_STAGES * (1 + max(weights))))


def _of_best(recipe: Recipe) -> float:
    """What the stages of `recipe` take without a budget, in passes of the whole network."""
    passes = ((EPOCHS.get(s.learns, 1.0), COST.get(s.learns, 1.0)) for s in transfer_stages(recipe))
    return sum(count * cost for count, cost in passes) / COST["whole"]


def _smaller(
    sizes: Sequence[tuple[int, int]],
    recipe: Recipe,
    backbone: Backbone,
    network: nn.Module,
    usual: Preprocessing,
) -> list[Preprocessing]:
    """What is smaller than the `usual` input, the largest first, and taken by `network`."""
    by_side = (choose_preprocessing(sizes, recipe, backbone, least_px=side) for side in SIDES_PX)
    smaller = {
        (size.height_px, size.width_px): size
        for size in by_side
        if _area(size) < _area(usual) and min(size.height_px, size.width_px) >= SIDES_PX[-1]
    }
    return [size for size in smaller.values() if _takes(network, size)]


def _area(size: Preprocessing) -> int:
    return size.height_px * size.width_px


@torch.no_grad()
def _takes(network: nn.Module, size: Preprocessing) -> bool:
    try:
        network(torch.zeros(1, 3, size.height_px, size.width_px))
    except (RuntimeError, AssertionError):
        return False
    return True


def _learnt_from(dataset: Dataset, recipe: Recipe) -> int:
    """About how many pictures there will be to learn from."""
    if recipe.split_file is not None:
        sides = read_split_file(Path(recipe.split_file)).chosen(
            recipe.fold, recipe.repeat, recipe.inner
        )
        return max(1, int(np.count_nonzero(sides == "train")))
    given = int(np.count_nonzero(dataset.splits == "train"))
    if given and not recipe.resplit:
        validates = bool((dataset.splits == "validation").any())
        return given if validates else max(1, round(given * (1 - recipe.validation)))
    return max(1, round(len(dataset) * (1 - recipe.validation - recipe.test)))


def _seconds_a_picture(network: nn.Module, size: Preprocessing, recipe: Recipe) -> float | None:
    """Seconds to learn from a picture of `size` by `recipe`, by a batch through `network`.

    A part of the batch for each thread or all of it on one, as the steps will be. None where the
    network takes no such pictures.
    """
    tried = copy.deepcopy(network).to(memory_format=torch.channels_last)
    if recipe.transfer.freeze_batch_norm:
        fold(tried)
    else:
        tried.train()
    depths = depths_of(tried)
    lowest = min(recipe.transfer.frozen or 0, max(depths.values()))
    for name, parameter in tried.named_parameters():
        parameter.requires_grad_(depths[name] >= lowest)
    pictures = min(BATCH, max(TRIAL_PICTURES, LEAST_PICTURES_A_THREAD * torch.get_num_threads()))
    views = torch.zeros(pictures, 3, size.height_px, size.width_px)
    views = views.to(memory_format=torch.channels_last)
    answer = SideBySide(tried, recipe.network.precision or fast_precision())

    def step() -> None:
        answer(views).square().mean().backward()  # type: ignore[no-untyped-call]

    try:
        step_s = seconds_at_best(step, TRIALS)
    except (RuntimeError, AssertionError):
        return None
    return step_s / pictures
