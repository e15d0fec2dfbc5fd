"""Signs of gradient masking: a network that hides its gradients only looks robust."""

from __future__ import annotations

from dataclasses import replace

import torch

from linnaeus.robustness.attacks.gradient_steps import pgd
from linnaeus.robustness.attacks.problem import Problem, cross_entropy

__all__ = ["signs_of_masking"]

POINTS = 0.02  # of accuracy: less is chance among hundreds of pictures
FAR = 0.5  # of all levels: so far, every picture can be turned into grey
MOST_STANDING = 0.05
MOST_FLAT = 0.05


def signs_of_masking(
    problem: Problem, accuracy: dict[str, float], generator: torch.Generator
) -> list[str]:
    """What speaks for masked gradients, as sentences (after Athalye and others 2018).

    `accuracy`: by attack, of those that were made on the pictures of `problem`.
    """
    found = []
    one, many = accuracy.get("fgsm"), accuracy.get("pgd")
    if one is not None and many is not None and one < many - POINTS:
        found.append(
            "One step along the gradient fools it more often than forty do, which cannot be unless"
            " its gradients mislead."
        )
    seen, blind = accuracy.get("apgd-t"), accuracy.get("square")
    if seen is not None and blind is not None and blind < seen - POINTS:
        found.append(
            "A search without gradients fools pictures that all attacks by gradients left standing."
        )
    gradient, _, _ = problem.gradient(problem.x, cross_entropy)
    flat = float((gradient.flatten(1).abs().amax(1) == 0).float().mean())
    if flat > MOST_FLAT:
        found.append(f"For {100 * flat:.0f} % of the pictures the gradient is nothing at all.")
    far = replace(problem, eps=FAR, norm="linf")
    standing = float(far.right(pgd(far, generator)).float().mean())
    if standing > MOST_STANDING:
        found.append(
            f"Though every level may change by half of its range, {100 * standing:.0f} % of the"
            " pictures are still named rightly: the attack cannot find its way."
        )
    return found
