"""Presets: how much trouble a training takes, in one word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from linnaeus.training.transfer_plan import StageName, TransferStage

if TYPE_CHECKING:
    from linnaeus.training.recipe import Recipe

__all__ = ["Preset", "transfer_stages"]

Preset = Literal["quick", "balanced", "best"]

VIEWS_OF_BEST = 2
"""Of each picture for the probe of `best` without a budget."""


def transfer_stages(recipe: Recipe) -> tuple[TransferStage, ...]:
    """The stages that a pretrained network goes through by `recipe`, in order.

    What an earlier run came to is repeated, and what the recipe names is done. Otherwise quick
    makes the head alone, and best goes on to the upper stages and the whole network; balanced
    does so only where a budget asks for what can be had in its time.
    """
    plan = recipe.transfer
    if plan.done:
        return plan.done
    if plan.stages is not None:
        return plan.stages
    further = recipe.preset == "best" or (
        recipe.preset == "balanced" and recipe.budget_s is not None
    )
    names: tuple[StageName, ...] = ("probe", "upper", "whole")
    if recipe.head is not None:
        names = ("head", "whole")
    stages = tuple(TransferStage(learns=name) for name in names)
    if recipe.preset == "best" and recipe.budget_s is None and recipe.head is None:
        stages = (TransferStage(learns="probe", views=VIEWS_OF_BEST), *stages[1:])
    return stages if further else stages[:1]
