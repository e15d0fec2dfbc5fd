"""What may be asked of a training with these classes and labels, looked at before any work."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.errors import UsageError
from linnaeus.training.epoch_order import check_balanced
from linnaeus.training.losses import check_weights, ordered_weights
from linnaeus.training.plan import TrainingPlan

__all__ = ["check_of_labels"]


def check_of_labels(plan: TrainingPlan, classes: Sequence[str], *, several: bool) -> None:
    """Refuse a `plan` that cannot be meant for pictures of `classes`, of which one may have
    `several`. Raises UsageError."""
    _check_weights(plan, classes)
    if not several:
        return
    if plan.loss not in (None, "binary"):
        raise UsageError(
            f"the loss {plan.loss} is for pictures of one label each, and these may have several",
            where="the recipe's network.loss",
            mend="Leave it out, or choose binary.",
        )
    if plan.distil_at is not None:
        raise UsageError(
            "defensive distillation is for pictures of one label each, and these may have several",
            where="the recipe's network.distil_at",
            mend="Leave it out.",
        )
    if plan.adversary == "trades":
        raise UsageError(
            "trades is for pictures of one label each, and these may have several",
            where="the recipe's network.adversary",
            mend="Choose pgd or free.",
        )
    if plan.balanced_sampling:
        check_balanced(several=True)


def _check_weights(plan: TrainingPlan, classes: Sequence[str]) -> None:
    given = plan.class_weights
    if isinstance(given, dict):
        ordered_weights(given, classes)
    elif isinstance(given, tuple):
        check_weights(given, len(classes))
