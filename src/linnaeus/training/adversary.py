"""Adversarial training: learning from pictures as an attacker would change them.

Pictures are (n, h, w, 3) float32 in levels of 0 to 255, and changes are bounded level by level
(the norm linf).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["attacked", "moved_on", "noisy", "surprise"]

Answer = Callable[[Tensor], Tensor]
"""From pictures to logits (n, classes)."""
Measure = Callable[[Tensor], Tensor]
"""From logits to what the attacker makes large, one number."""

STEP = 2.5  # of eps, over all steps together: as in Madry and others 2018


def attacked(
    answer: Answer, pictures: Tensor, measure: Measure, *, eps_levels: float, steps: int
) -> Tensor:
    """`pictures` changed by up to `eps_levels`, in `steps` steps from a drawn start, so that the
    `measure` of their answers is large (Madry and others 2018).

    What is drawn goes by torch's seed, which a step of learning sets. `answer` should be that of a
    network in evaluation mode: the attacker sees pictures one by one.
    """
    whole = pictures.float()
    change = torch.empty_like(whole).uniform_(-eps_levels, eps_levels)
    for _ in range(steps):
        moved = (whole + change).clamp(0, 255).requires_grad_()
        (gradient,) = torch.autograd.grad(measure(answer(moved)), moved)
        change = moved_on(change, gradient, STEP * eps_levels / steps, eps_levels)
    return (whole + change).clamp(0, 255)


def moved_on(change: Tensor, gradient: Tensor, step: float, eps_levels: float) -> Tensor:
    """`change` moved by `step` levels up the gradient, and no further than `eps_levels`."""
    return (change + step * gradient.sign()).clamp(-eps_levels, eps_levels)


def noisy(pictures: Tensor, deviation_levels: float) -> Tensor:
    """`pictures` with Gaussian noise of the deviation, cut off at 0 and 255 as a file's levels are.

    What is drawn goes by torch's seed.
    """
    drawn = torch.randn(pictures.shape, device=pictures.device)
    return (pictures.float() + deviation_levels * drawn).clamp(0, 255)


def surprise(logits: Tensor, expected: Tensor) -> Tensor:
    """The mean divergence of the answers `logits` from the `expected` ones, as of TRADES."""
    told, known = (F.log_softmax(one.float(), dim=1) for one in (logits, expected))
    return F.kl_div(told, known, log_target=True, reduction="batchmean")
