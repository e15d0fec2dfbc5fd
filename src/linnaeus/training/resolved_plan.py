"""A plan with nothing open, for the pictures and the machine that it is carried out with."""

from __future__ import annotations

from linnaeus.errors import UsageError
from linnaeus.progress import Progress
from linnaeus.training.batches import Batches
from linnaeus.training.plan import TrainingPlan
from linnaeus.training.precision import check_precision, fast_precision
from linnaeus.training.schedule import Pace
from linnaeus.training.team import Team
from linnaeus.training.usual import with_usual

__all__ = ["check_resolved", "first_pace", "tell_smaller_batch", "with_nothing_open"]


def with_nothing_open(plan: TrainingPlan, images: int, device: str) -> TrainingPlan:
    """`plan` with nothing open: what depends on the data and the machine, and what is usual."""
    size = plan.batch_size_for(images, device)
    return with_usual(plan, epoch_steps=images // size).model_copy(
        update={"precision": plan.precision or fast_precision(device), "batch_size": size}
    )


def tell_smaller_batch(plan: TrainingPlan, images: int, progress: Progress) -> None:
    """Say so where batches are smaller than `plan` has them, for want of `images`."""
    if isinstance(plan.batch_size, int) and plan.batch_size > images:
        asked = f"there are no {plan.batch_size:,} to learn from"
        progress.say(f"A batch has all {images:,} training pictures: {asked}.")


def check_resolved(
    plan: TrainingPlan, batch_size: int, validation_pictures: int, device: str, team: Team
) -> None:
    """Refuse what cannot be meant for batches of `batch_size` and so many validation pictures."""
    check_precision(str(plan.precision), device)
    if batch_size % team.size:
        raise UsageError(
            f"{team.size} processes cannot share a batch of {batch_size} evenly",
            where="the recipe's network.batch_size",
            mend=f"Give a multiple of {team.size}.",
        )
    share = batch_size // team.size
    if plan.compiled and team.size > 1:
        raise UsageError(
            f"a network that {team.size} processes teach together is not compiled",
            where="the recipe's network.compiled",
            mend="Leave it out, or start one process.",
        )
    if plan.accumulate > 1 and share < 2 * plan.accumulate:
        raise UsageError(
            f"a batch of {share} has no {plan.accumulate} parts of two pictures or more",
            where="the recipe's network.accumulate",
            mend="Give fewer parts, or a larger batch_size.",
        )
    if plan.patience is not None and validation_pictures == 0:
        raise UsageError(
            "without validation pictures nobody can say whether learning still helps",
            where="the recipe's network.patience",
            mend="Leave it out, or keep pictures for validation.",
        )


def first_pace(plan: TrainingPlan, batches: Batches) -> Pace:
    """The length of a training by `plan`, until a clock says otherwise."""
    epochs = plan.epochs_for(batches.count, min(batches.height_px, batches.width_px))
    return Pace(0, max(1, round(epochs * batches.epoch_steps)))
