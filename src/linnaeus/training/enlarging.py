"""How large a pretrained network sees small pictures, and how long `best` teaches it, by the time.

Pretrained networks know pictures of 224 px. Smaller ones are made larger for them, and the larger,
the more they are right and the fewer passes there is time for.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from linnaeus.data.dataset import Dataset
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.folded_norms import fold
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.begun import DECIDED
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.sizing import LEAST_SIDE_PX, choose_preprocessing, sampled_sizes
from linnaeus.training.state import State
from linnaeus.training.suited import BEST_S
from linnaeus.training.threads import seconds_at_best
from linnaeus.training.transfer_plan import COST
from linnaeus.training.tuning import BATCH, EPOCHS
from linnaeus.training.tuning_time import LEAST_PASSES

__all__ = ["in_its_time"]

SIZE = "size"  # a part of what is saved of a run

SIDES_PX = tuple(range(LEAST_SIDE_PX - 8, 71, -8))
"""Tried in place of the usual one, from the largest down. In maps of two pixels a side, which most
networks come to below 65 px, PyTorch's depthwise convolutions take ten times as long as in maps of
three."""

PASSES = 2.0
"""Over the training pictures, that the whole network has to have time for at a size. Where it has
none for `LEAST_PASSES` at the smallest, only a head learns, at the usual size."""

LEAST_STEPS = 500
"""With fewer the whole network learns little beyond the head, which a larger size serves better: a
small set has few steps however often it is seen."""

TRIALS = 2  # on all threads, and on one

SHARE_FOR_LEARNING = 0.8
"""Of a budget; the rest is for the first head, for judging, and for what a step does beside."""


def in_its_time(
    dataset: Dataset,
    recipe: Recipe,
    backbone: Backbone | None,
    network: nn.Module | None,
    *,
    progress: Progress,
    saver: Saver,
) -> Recipe:
    """`recipe`, its device resolved, with a size of pictures and a budget under which `network`, of
    `backbone`, can be taught as a whole, where these are left open and it is to be, on a processor.
    Measures the speed of this machine, in a few seconds; what an earlier process of the run came to
    holds.
    """
    if backbone is None or network is None or not _tunes_the_whole(recipe):
        return recipe
    found = saver.take(SIZE)
    if found is not None:
        return recipe.model_copy(update=found.facts | {"image_size_px": _pair(found.facts)})
    if saver.look(DECIDED) is not None:  # begun before there was anything to decide here
        return recipe
    chosen = _chosen(dataset, recipe, backbone, network, progress)
    saver.keep(SIZE, State({"image_size_px": chosen.image_size_px, "budget_s": chosen.budget_s}))
    saver.save()
    return chosen


def _pair(facts: dict[str, list[int] | None]) -> tuple[int, int] | None:
    sides = facts["image_size_px"]
    return None if sides is None else (sides[0], sides[1])


def _tunes_the_whole(recipe: Recipe) -> bool:
    """Whether all of the network is to learn here, for as long as nobody has said yet."""
    stages = {stage.learns: stage for stage in transfer_stages(recipe)}
    open_ended = recipe.budget_s is not None or recipe.preset == "best"
    return recipe.device == "cpu" and "whole" in stages and not stages["whole"].paces and open_ended


def _chosen(
    dataset: Dataset, recipe: Recipe, backbone: Backbone, network: nn.Module, progress: Progress
) -> Recipe:
    sizes = sampled_sizes(dataset)
    usual = choose_preprocessing(sizes, recipe, backbone)
    with progress.stage("Measuring how fast this machine learns"):
        usual_s = _seconds_a_picture(network, usual)
    if usual_s is None:
        return recipe
    pictures = _learnt_from(dataset, recipe)
    if recipe.budget_s is None:
        if recipe.transfer.stages is not None or _of_best(recipe) * usual_s * pictures < BEST_S:
            return recipe
        recipe = recipe.model_copy(update={"budget_s": BEST_S})
        progress.say(f"best: {BEST_S / 60:.0f} minutes, which its usual passes would not end in.")
    assert recipe.budget_s is not None
    learning_s = SHARE_FOR_LEARNING * recipe.budget_s / pictures
    if recipe.image_size_px is not None or learning_s >= PASSES * usual_s:
        return recipe
    a_px = usual_s / _area(usual)
    smaller = _smaller(sizes, recipe, backbone, network, usual)
    size = next(
        (one for one in smaller if learning_s >= PASSES * a_px * _area(one)),
        smaller[-1] if smaller else usual,
    )
    passes = learning_s / (a_px * _area(size))
    if size == usual or passes < LEAST_PASSES or passes * pictures < LEAST_STEPS * BATCH:
        return recipe
    progress.say(
        f"Size: {size.height_px} × {size.width_px} px, at which {recipe.budget_s:,.0f} s are about"
        f" {passes:.1f} passes over {pictures:,} pictures; at the usual {usual.height_px} ×"
        f" {usual.width_px} px they would be {learning_s / usual_s:.1f}."
    )
    return recipe.model_copy(update={"image_size_px": (size.height_px, size.width_px)})


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
    given = int(np.count_nonzero(dataset.splits == "train"))
    if given and not recipe.resplit:
        validates = bool((dataset.splits == "validation").any())
        return given if validates else max(1, round(given * (1 - recipe.validation)))
    return max(1, round(len(dataset) * (1 - recipe.validation - recipe.test)))


def _seconds_a_picture(network: nn.Module, size: Preprocessing) -> float | None:
    """Seconds to learn from a picture of `size`, by a batch through a copy of `network`; None where
    it takes no such pictures. On all threads and on one, as the steps will be.
    """
    tried = copy.deepcopy(network).to(memory_format=torch.channels_last)
    fold(tried)
    views = torch.zeros(BATCH, 3, size.height_px, size.width_px)
    views = views.to(memory_format=torch.channels_last)
    try:
        step_s = seconds_at_best(lambda: tried(views).square().mean().backward(), TRIALS)
    except (RuntimeError, AssertionError):
        return None
    return step_s / BATCH
