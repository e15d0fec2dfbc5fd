"""An attack on a smoothed network: along the gradient of what its noisy copies expect together."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from linnaeus.robustness.attacks.problem import norm_of

__all__ = ["under_noise"]

STEPS, COPIES = 20, 8
STEP = 2.5  # of the distance, over all steps together


def under_noise(
    network: Callable[[Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    distances: Tensor,
    *,
    noise: float,
    generator: torch.Generator,
) -> Tensor:
    """Pictures no farther than `distances` (n,) from `x` (n, 3, h, w) in [0, 1], Euclidean, whose
    noisy copies are called `y` (n,) as seldom as was found (SmoothAdv, Salman and others 2019).

    `noise`: the deviation, a share of the range. Its gradient is that of the mean probability over
    eight copies, drawn anew at each of twenty steps.
    """
    change = torch.zeros_like(x)
    longest = distances[:, None, None, None].to(x)
    for _ in range(STEPS):
        moved = (x + change).requires_grad_()
        drawn = torch.randn(COPIES, *x.shape, generator=generator)
        copies = (moved[None] + noise * drawn).clamp(0, 1).flatten(0, 1)
        logits = network(copies)
        probabilities = logits.softmax(1).view(COPIES, len(x), -1).mean(0)
        true = probabilities.gather(1, y[:, None]).clamp_min(1e-12).log()
        (gradient,) = torch.autograd.grad(-true.sum(), moved)
        step = gradient / norm_of(gradient).clamp_min(1e-12)
        change = change + STEP / STEPS * longest * step
        change = change * (longest / norm_of(change).clamp_min(1e-12)).clamp(max=1.0)
        change = (x + change).clamp(0, 1) - x  # which shortens it
    return x + change
