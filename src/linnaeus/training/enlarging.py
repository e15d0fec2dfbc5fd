"""How large a pretrained network sees small pictures, and how long `best` teaches it, by the time.

Pretrained networks know pictures of 224 px. Smaller ones are made larger for them, and the larger,
the more they are right and the fewer passes there is time for.
"""

from __future__ import annotations

import copy
import time

import numpy as np
import torch
from torch import nn

from linnaeus.data.dataset import Dataset
from linnaeus.models.folded_norms import fold
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.presets import transfer_stages
from linnaeus.training.recipe import Recipe
from linnaeus.training.saving import Saver
from linnaeus.training.sizing import LEAST_SIDE_PX, choose_preprocessing, sampled_sizes
from linnaeus.training.state import State
from linnaeus.training.suited import BEST_S
from linnaeus.training.transfer_plan import COST
from linnaeus.training.tuning import BATCH, EPOCHS

__all__ = ["in_its_time"]

SIZE = "size"  # a part of what is saved of a run

SIDES_PX = tuple(range(LEAST_SIDE_PX, 71, -8))
"""Tried from the largest down. In maps of two pixels a side, which most networks come to below
65 px, PyTorch's depthwise convolutions take ten times as long as in maps of three."""

PASSES = 2.0
"""Over the training pictures, that the whole network has to have time for at a size."""

TRIED_PX = 96


def in_its_time(
    dataset: Dataset,
    recipe: Recipe,
    backbone: Backbone | None,
    network: nn.Module | None,
    *,
    progress: Progress,
    saver: Saver,
) -> Recipe:
    """`recipe` with a size of pictures and a budget under which `network`, of `backbone`, can be
    taught as a whole, where these are left open and it is to be. Measures the speed of this
    machine, in a second or two; what an earlier process of the run came to holds.
    """
    if backbone is None or network is None or not _tunes_the_whole(recipe):
        return recipe
    found = saver.take(SIZE)
    if found is not None:
        return recipe.model_copy(update=found.facts | {"image_size_px": _pair(found.facts)})
    chosen = _chosen(dataset, recipe, backbone, network, progress)
    saver.keep(SIZE, State({"image_size_px": chosen.image_size_px, "budget_s": chosen.budget_s}))
    saver.save()
    return chosen


def _pair(facts: dict[str, list[int] | None]) -> tuple[int, int] | None:
    sides = facts["image_size_px"]
    return None if sides is None else (sides[0], sides[1])


def _tunes_the_whole(recipe: Recipe) -> bool:
    """Whether all of the network is to learn, for as long as nobody has said yet."""
    stages = {stage.learns: stage for stage in transfer_stages(recipe)}
    open_ended = recipe.budget_s is not None or recipe.preset == "best"
    return "whole" in stages and not stages["whole"].paces and open_ended


def _chosen(
    dataset: Dataset, recipe: Recipe, backbone: Backbone, network: nn.Module, progress: Progress
) -> Recipe:
    sizes = sampled_sizes(dataset)
    a_px = _seconds_a_pixel(network)
    if a_px is None:
        return recipe
    pictures = _learnt_from(dataset, recipe)

    def passes_in(seconds: float, least_px: int) -> float:
        size = choose_preprocessing(sizes, recipe, backbone, least_px=least_px)
        return seconds / (a_px * size.height_px * size.width_px * pictures)

    by_epochs = recipe.transfer.stages is not None
    if recipe.budget_s is None and not by_epochs and passes_in(BEST_S, LEAST_SIDE_PX) < OF_BEST:
        recipe = recipe.model_copy(update={"budget_s": BEST_S})
        progress.say(f"best: {BEST_S / 60:.0f} minutes, which its usual passes would not end in.")
    if recipe.budget_s is None or recipe.image_size_px is not None:
        return recipe
    fitting = (side for side in SIDES_PX if passes_in(recipe.budget_s, side) >= PASSES)
    least_px = next(fitting, SIDES_PX[-1])
    usual = choose_preprocessing(sizes, recipe, backbone)
    size = choose_preprocessing(sizes, recipe, backbone, least_px=least_px)
    if size == usual:
        return recipe
    told = f"{passes_in(recipe.budget_s, least_px):.1f} passes over {pictures:,} pictures"
    progress.say(
        f"Size: {size.height_px} × {size.width_px} px, at which {recipe.budget_s:,.0f} s are about"
        f" {told}; {usual.height_px} × {usual.width_px} px, as is usual, would be too few."
    )
    return recipe.model_copy(update={"image_size_px": (size.height_px, size.width_px)})


OF_BEST = EPOCHS["whole"] + EPOCHS["upper"] * COST["upper"] / COST["whole"]
"""What `best` without a budget takes, in passes of the whole network."""


def _learnt_from(dataset: Dataset, recipe: Recipe) -> int:
    """About how many pictures there will be to learn from."""
    given = int(np.count_nonzero(dataset.splits == "train"))
    if given and not recipe.resplit:
        validates = bool((dataset.splits == "validation").any())
        return given if validates else max(1, round(given * (1 - recipe.validation)))
    return max(1, round(len(dataset) * (1 - recipe.validation - recipe.test)))


def _seconds_a_pixel(network: nn.Module) -> float | None:
    """Seconds to learn from a pixel, by a batch through a copy of `network`; None where it takes no
    pictures of the size that is tried. On all threads and on one, as the steps will be.
    """
    tried = copy.deepcopy(network).to(memory_format=torch.channels_last)
    fold(tried)
    views = torch.zeros(BATCH, 3, TRIED_PX, TRIED_PX).to(memory_format=torch.channels_last)
    threads = torch.get_num_threads()
    took: list[float] = []
    try:
        for count in (threads, threads, 1, 1):
            torch.set_num_threads(count)
            start_s = time.perf_counter()
            tried(views).square().mean().backward()
            took.append(time.perf_counter() - start_s)
    except (RuntimeError, AssertionError):
        return None
    finally:
        torch.set_num_threads(threads)
    return min(took) / views[:, 0].numel()
