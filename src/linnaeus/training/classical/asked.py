"""What of a recipe a classical model cannot mean, refused before the work."""

from __future__ import annotations

from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.models.classical.names import ClassicalName
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.recipe import Recipe
from linnaeus.training.transfer_plan import TransferPlan

__all__ = ["check_classical"]

HONOURED = ("seed", "budget_s", "class_weights")
"""What a network's plan says that a classical model does too, or has from the recipe itself."""

UNMOVED = (AugmentPlan(), AugmentPlan.model_validate("none"))
LEAVE_OUT = "Leave it out, or choose a network."


def check_classical(dataset: Dataset, recipe: Recipe, name: ClassicalName, processes: int) -> None:
    """Raise UsageError for what means nothing for features and a classifier."""
    if dataset.label_sets is not None:
        raise UsageError(
            f"{name} gives each picture one label, and these may have several",
            where="--model",
            mend="Choose a network, such as --model auto.",
        )
    if processes > 1:
        raise UsageError(
            f"{name} learns in one process", where="torchrun", mend="Start linnaeus without it."
        )
    if recipe.device not in ("auto", "cpu"):
        raise _idle(name, "computes on the processor", "--device")
    if recipe.precision == "bfloat16":
        raise _idle(name, "answers in float32", "--precision")
    if recipe.preset != "balanced":
        raise _idle(name, "has no presets", "--preset")
    if recipe.network.epochs is not None:
        raise _idle(name, "makes no passes over the pictures", "--epochs")
    if recipe.network.augment not in UNMOVED:
        raise _idle(name, "learns from pictures as they are", "--augment")
    for field in _idle_fields(recipe):
        raise _idle(name, "is no network that learns", f"the recipe's {field}")


def _idle_fields(recipe: Recipe) -> list[str]:
    """The fields that are about networks and say something unusual."""
    usual, plan = TrainingPlan(), recipe.network
    idle = [
        f"network.{field}"
        for field in TrainingPlan.model_fields
        if field not in (*HONOURED, "augment") and getattr(plan, field) != getattr(usual, field)
    ]
    idle += [
        name for name in ("head", "dropout", "batch_norm") if getattr(recipe, name) is not None
    ]
    return idle if recipe.transfer == TransferPlan() else [*idle, "transfer"]


def _idle(name: ClassicalName, what: str, where: str) -> UsageError:
    return UsageError(f"{name} {what}", where=where, mend=LEAVE_OUT)
