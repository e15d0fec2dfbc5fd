"""A network from scratch suited to the data, the time and this machine, where that is left open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from linnaeus.data.pixels import PixelRows
from linnaeus.progress import Progress
from linnaeus.training.augmentation.settled import passes_in
from linnaeus.training.choice import Choice
from linnaeus.training.network_size import choose_size, usual_size
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.resizing import mean_work
from linnaeus.training.team import ALONE, Team

__all__ = ["as_long_as_its_preset", "passes_of", "suited"]

Shape = tuple[int, int, int, int]

BEST_S = 3300.0  # with reading before it and judging after, within the hour
BEST_PASSES = 1000.0  # of airbench-small on two cores: a small set is known long before the hour
QUICK_SHARE = 1 / 3  # of the usual passes

RESIZE_FROM = 0.75
"""In the time of 3 passes over CIFAR-10, a network that began on 24 px came to 77.0 %; to 75.2 %
on 32 px throughout."""
RESIZED_PX = 32  # the shortest side of which three quarters leave enough to see


def suited(
    choice: Choice,
    recipe: Recipe,
    pixels: PixelRows,
    classes: int,
    *,
    progress: Progress,
    team: Team = ALONE,
) -> tuple[Choice, Recipe]:
    """`choice` and `recipe`, its device resolved, with what suits the `pixels` to learn from.

    What an earlier run came to is repeated, and pretrained networks are left as they are. All of
    a `team` call this, and get the same.
    """
    left_alone = choice.backbone is not None or choice.classical is not None
    if left_alone:
        return choice, recipe
    if recipe.network.paces:
        progress.say(_repeated_length(recipe.network, pixels.shape[0], recipe.device))
        return choice, recipe
    recipe = as_long_as_its_preset(recipe, pixels.shape)
    if not choice.by_time:
        return choice, recipe
    if recipe.budget_s is None:
        height_px, width_px = pixels.shape[1:3]
        network = usual_size(height_px, width_px, quick=recipe.preset == "quick")
        progress.say(f"Network: {network}, as is usual for {height_px} × {width_px} px.")
        return replace(choice, network=network), recipe.model_copy(update={"model": network})
    sized = choose_size(
        pixels,
        classes,
        budget_s=recipe.budget_s,
        plan=recipe.network,
        device=team.device(recipe.device),
        team=team,
    )
    progress.say(sized.why)
    recipe = _growing(recipe.model_copy(update={"model": sized.network}), pixels.shape)
    passes = sized.passes / mean_work(min(pixels.shape[1:3]), recipe.network)
    why = f"{choice.why} {sized.why}"
    return replace(choice, network=sized.network, why=why, passes=passes), recipe


def as_long_as_its_preset(recipe: Recipe, shape: Shape) -> Recipe:
    """`recipe` with the length that its preset means for pictures of `shape` (n, h, w, 3) to learn
    from, unless it says its length itself.
    """
    images, height_px, width_px, _ = shape
    if recipe.budget_s is not None or recipe.network.epochs is not None:
        return recipe
    if recipe.preset == "best":
        passes = passes_in(BEST_S, images, height_px, width_px)
        return recipe.model_copy(update={"budget_s": BEST_S * min(1.0, BEST_PASSES / passes)})
    if recipe.preset == "quick":
        usual = recipe.network.epochs_for(images, min(height_px, width_px))
        return _with_plan(recipe, epochs=usual * QUICK_SHARE)
    return recipe


def passes_of(plan: TrainingPlan, images: int, device: str) -> float:
    """How many passes over so many `images` the steps of an earlier run by `plan` are."""
    return plan.paces[-1].steps / (images // plan.batch_size_for(images, device))


def _repeated_length(plan: TrainingPlan, images: int, device: str) -> str:
    """How long an earlier run was, on pictures that may be others."""
    steps, passes = plan.paces[-1].steps, passes_of(plan, images, device)
    return (
        f"It learns for the {steps:,} steps of the recipe's run, which are {passes:.1f} passes over"
        f" these {images:,} pictures; --epochs or --budget would let that be chosen anew."
    )


def _growing(recipe: Recipe, shape: Shape) -> Recipe:
    """`recipe` with pictures that grow while it learns, where they are large enough for that."""
    of_one_size = recipe.head is not None and recipe.head.startswith("flatten")
    if recipe.network.resize_from is not None or of_one_size or min(shape[1:3]) < RESIZED_PX:
        return recipe
    return _with_plan(recipe, resize_from=RESIZE_FROM)


def _with_plan(recipe: Recipe, **changes: Any) -> Recipe:
    return recipe.model_copy(update={"network": recipe.network.model_copy(update=changes)})
