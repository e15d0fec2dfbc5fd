"""FGSM and PGD: along the gradient, once or again and again."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.robustness.attacks.problem import Loss, Problem, ShareTold, cross_entropy, unheard

__all__ = ["fgsm", "pgd"]

STEPS = 40
STEP = 2.5  # of eps, over all steps together: as in Madry and others 2018


def fgsm(problem: Problem) -> Tensor:
    """One step of length eps along the gradient (Goodfellow and others 2015)."""
    gradient, _, _ = problem.gradient(problem.x, cross_entropy)
    return problem.inside(problem.x + problem.eps * problem.steepest(gradient))


def pgd(
    problem: Problem,
    generator: torch.Generator,
    *,
    steps: int = STEPS,
    loss: Loss = cross_entropy,
    told: ShareTold = unheard,
) -> Tensor:
    """Projected gradient descent from a drawn start (Madry and others 2018).

    A picture that has been named wrongly on the way stays as it was then.
    """
    at = problem.start(generator)
    length = STEP * problem.eps / steps
    for _ in range(steps):
        gradient, _, right = problem.gradient(at, loss)
        at = torch.where(
            right[:, None, None, None],
            problem.inside(at + length * problem.steepest(gradient)),
            at,
        )
        told(1 / steps)
    return at
