"""Progressive resizing: small pictures first, learnt from faster, and large ones later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from linnaeus.errors import UsageError

if TYPE_CHECKING:
    from linnaeus.training.plan import TrainingPlan

__all__ = ["check_resizing", "mean_work", "resized", "side_at"]

STEP_PX = 4  # sides grow by so much at a time: a new size costs the kernels a new set-up
LEAST_PX = 8


def side_at(side_px: int, progress: float, plan: TrainingPlan) -> int:
    """How long a side of `side_px` is at `progress` (0 to 1) of the training.

    >>> from linnaeus.training.plan import TrainingPlan
    >>> plan = TrainingPlan(resize_from=0.5, resize_until=0.8)
    >>> [side_at(96, progress, plan) for progress in (0.0, 0.4, 0.8, 1.0)]
    [48, 72, 96, 96]
    """
    if plan.resize_from is None or progress >= plan.resize_until:
        return side_px
    share = plan.resize_from + (1.0 - plan.resize_from) * progress / plan.resize_until
    steps = round(share * side_px / STEP_PX)
    return min(side_px, max(LEAST_PX, steps * STEP_PX))


def mean_work(side_px: int, plan: TrainingPlan) -> float:
    """The work of a picture of `side_px`, over the whole training, as a share of that at full size.

    >>> from linnaeus.training.plan import TrainingPlan
    >>> mean_work(32, TrainingPlan()), round(mean_work(32, TrainingPlan(resize_from=0.5)), 2)
    (1.0, 0.75)
    """
    moments = (np.arange(100) + 0.5) / 100
    sides = [side_at(side_px, float(moment), plan) for moment in moments]
    return float(np.mean(np.square(sides))) / side_px**2


def resized(views: Tensor, progress: float, plan: TrainingPlan) -> Tensor:
    """`views` (n, h, w, 3) uint8 as large as they are at `progress`; the same where that is full.

    Shrunk with antialiasing, as pictures are when they are read.
    """
    _, height, width, _ = views.shape
    size = (side_at(height, progress, plan), side_at(width, progress, plan))
    if size == (height, width):
        return views
    planes = views.permute(0, 3, 1, 2)
    if views.device.type != "cpu":  # only processors shrink whole numbers
        planes = planes.float()
    small = F.interpolate(planes, size, mode="bilinear", antialias=True, align_corners=False)
    if small.is_floating_point():
        small = small.round_().clamp_(0, 255).to(torch.uint8)
    return small.permute(0, 2, 3, 1)


@torch.no_grad()
def check_resizing(network: nn.Module, views: Tensor, plan: TrainingPlan) -> None:
    """Raise UsageError where `network` does not take `views` (n, h, w, 3) in the first size."""
    if plan.resize_from is None:
        return
    try:
        network.eval()(resized(views, 0.0, plan))
    except (RuntimeError, AssertionError):
        raise UsageError(
            "this network takes pictures of one size only",
            where="the recipe's network.resize_from",
            mend="Leave it out, or learn a network such as small_cnn.",
        ) from None
