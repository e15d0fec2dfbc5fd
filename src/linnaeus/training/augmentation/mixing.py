"""Views mixed with others of their batch, and their labels alike: MixUp and CutMix."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import generator, uniforms
from linnaeus.training.augmentation.cutout import boxes
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.planes import levels_of
from linnaeus.training.handed import handed

__all__ = ["beta", "mixed", "partners"]

Floats = NDArray[np.float32]

CELLS = 8192  # of the table that `beta` is read from: shares are exact to a ten-thousandth


def mixed(
    views: Tensor,
    labels: Tensor,
    classes: int,
    plan: AugmentPlan,
    *,
    seed: int,
    epoch: int,
    step: int,
    indices: NDArray[np.int64],
) -> tuple[Tensor, Tensor]:
    """`views` (n, h, w, 3) uint8 mixed as `plan` says, and targets (n, classes) float32.

    `labels`: (n,) int64, or (n, classes) float32 where pictures have several. Of one label each,
    each row of the targets sums to 1. Who is mixed with whom is a function
    of (seed, step) and the batch, everything else of (seed, epoch, index).
    """
    partner = handed(partners(len(views), seed, step), views.device)
    chance = uniforms(seed, "mixing", epoch, indices, 4)
    cut = _is_cut(plan, chance[:, 0])
    share = np.where(cut, beta(chance[:, 1], plan.cutmix), beta(chance[:, 1], plan.mixup))
    box = boxes(chance[:, 2:], _sides(share, cut), views)
    kept = 1 - box.float().mean((1, 2, 3)) / 255
    share_kept = torch.where(handed(cut, views.device), kept, handed(share, views.device))
    others = views.index_select(0, partner)
    made = views if cut.all() else _blended(views, others, np.where(cut, 1, share))
    made = made ^ ((made ^ others) & box)
    return made, _targets(labels.to(views.device), partner, share_kept, classes)


def partners(count: int, seed: int, step: int) -> NDArray[np.int64]:
    """(count,) whom each of a batch is mixed with: all stand in one ring, so nobody meets itself
    unless it is alone."""
    order = generator(seed, "partners", step).permutation(count)
    partner = np.empty(count, np.int64)
    partner[order] = np.roll(order, 1)
    return partner


def beta(chance: Floats, alpha: float) -> Floats:
    """Shares from the Beta distribution of (alpha, alpha), for uniform `chance` (n,) in [0, 1).

    By its inverse distribution, so that each share is a function of one number. For alpha below 1
    the lower half of the shares is written x = s^(1/alpha) / 2, whose density in s is finite:
    (1 - x)^(alpha - 1). An alpha of 0 gives shares of 1.
    """
    if alpha == 0:
        return np.ones_like(chance)
    power = min(alpha, 1.0)
    edges = np.linspace(0, 1, CELLS + 1)
    shares = edges ** (1 / power) / 2
    density = shares ** (alpha - power) * (1 - shares) ** (alpha - 1)
    reached = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    lower = np.minimum(chance, 1 - chance) * 2
    below = np.interp(lower, reached / reached[-1], edges) ** (1 / power) / 2
    return np.array(np.where(chance < 0.5, below, 1 - below), np.float32)


def _is_cut(plan: AugmentPlan, chance: Floats) -> NDArray[np.bool_]:
    """(n,) whether each view is cut rather than blended; where both are asked for, half are."""
    share = 0.5 if plan.mixup and plan.cutmix else float(plan.cutmix > 0)
    return chance < share


def _sides(share: Floats, cut: NDArray[np.bool_]) -> Floats:
    """(n, 2): boxes that take all but `share` of a picture; none where it is not cut."""
    side = np.where(cut, np.sqrt(1 - share), 0).astype(np.float32)
    return np.stack([side, side], 1)


def _blended(views: Tensor, others: Tensor, share: Floats) -> Tensor:
    weight = handed(share.astype(np.float32), views.device)[:, None, None, None]
    return levels_of(others.float().lerp_(views.float(), weight))


def _targets(labels: Tensor, partner: Tensor, share: Tensor, classes: int) -> Tensor:
    own = labels if labels.ndim > 1 else F.one_hot(labels, classes).float()
    return torch.lerp(own[partner], own, share[:, None])
