"""The patch attack: any colours, in one square that is stuck on the picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from linnaeus.robustness.attacks.problem import Problem, ShareTold, cross_entropy, unheard

__all__ = ["patch"]

SHARE = 0.05  # of the area
STEPS, STEP = 60, 0.05
PLACES = 3


def patch(
    problem: Problem,
    generator: torch.Generator,
    *,
    share: float = SHARE,
    steps: int = STEPS,
    told: ShareTold = unheard,
) -> Tensor:
    """Pictures with a square of `share` of their area in the worst colours (Brown and others 2017).

    Its place is drawn, up to three times for a picture that stands; its colours climb the gradient.
    How far a colour moves is not bounded, so eps means nothing here.
    """
    _, _, height, width = problem.x.shape
    side = max(1, min(height, width, round(math.sqrt(share * height * width))))
    result = problem.x.clone()
    for _ in range(PLACES):
        standing = problem.right(result).nonzero()[:, 0]
        if len(standing) == 0:
            break
        there = problem.only(standing)
        covered = torch.zeros(len(standing), 1, height, width)
        places = torch.rand(len(standing), 2, generator=generator)
        for row, (down, across) in enumerate(places.tolist()):
            top, left = int(down * (height - side + 1)), int(across * (width - side + 1))
            covered[row, :, top : top + side, left : left + side] = 1
        covered = covered.to(problem.x)
        drawn = torch.rand(there.x.shape, generator=generator).to(problem.x)
        at = torch.where(covered > 0, drawn, there.x)
        for _ in range(steps):
            gradient, _, right = there.gradient(at, cross_entropy)
            moved = (at + STEP * gradient.sign() * covered).clamp(0, 1)
            at = torch.where(right[:, None, None, None], moved, at)
            told(1 / (PLACES * steps))
        result[standing] = at
    return result
