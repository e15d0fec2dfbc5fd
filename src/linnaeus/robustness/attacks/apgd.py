"""Auto-PGD: projected gradient descent that chooses its own steps (Croce and Hein 2020)."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.robustness.attacks.problem import (
    Loss,
    Problem,
    ShareTold,
    difference_of_logits,
    unheard,
)

__all__ = ["apgd", "apgd_targeted"]

STEPS = 100
MOMENTUM = 0.75
RISING = 0.75  # share of steps that have to raise the loss, or the step is halved
FIRST, SHRINKING, LEAST = 0.22, 0.03, 0.06  # of the steps: when it is looked at, as in the paper


def apgd(
    problem: Problem,
    generator: torch.Generator,
    loss: Loss,
    *,
    steps: int = STEPS,
    told: ShareTold = unheard,
) -> Tensor:
    """The pictures of the largest `loss` that were met, or the first that is named wrongly.

    Steps begin at twice eps and are halved, from the best point so far, where too few of them have
    raised the loss or neither the step nor the best loss has changed since the last look.
    """
    at = problem.start(generator)
    gradient, losses, right = problem.gradient(at, loss)
    found = torch.where(right[:, None, None, None], problem.x, at)
    best, best_losses, best_gradient = at.clone(), losses.clone(), gradient.clone()
    length = torch.full_like(losses, 2 * problem.eps)
    before, raised = at.clone(), torch.zeros_like(losses)
    last_length, last_best = length.clone(), best_losses.clone()
    fooled = ~right
    looks = _looks(steps)
    last_losses, since = losses.clone(), 0
    for step in range(steps):
        share = MOMENTUM if step > 0 else 1.0
        way = length[:, None, None, None]
        ahead = problem.inside(at + way * problem.steepest(gradient))
        moved = problem.inside(at + share * (ahead - at) + (1 - share) * (at - before))
        before, at = at, moved
        gradient, losses, right = problem.gradient(at, loss)
        newly = ~right & ~fooled
        found[newly] = at[newly]
        fooled |= ~right
        raised += losses > last_losses
        last_losses = losses
        better = losses > best_losses
        best[better], best_gradient[better] = at[better], gradient[better]
        best_losses = torch.where(better, losses, best_losses)
        since += 1
        if step + 1 in looks:
            still = (length == last_length) & (best_losses <= last_best)
            halve = (raised < RISING * since) | still
            last_length, last_best = length.clone(), best_losses.clone()
            length = torch.where(halve, length / 2, length)
            at = torch.where(halve[:, None, None, None], best, at)
            gradient = torch.where(halve[:, None, None, None], best_gradient, gradient)
            last_losses = torch.where(halve, best_losses, last_losses)
            raised.zero_()
            since = 0
        told(1 / steps)
        if bool(fooled.all()):
            break
    return torch.where(fooled[:, None, None, None], found, best)


def apgd_targeted(
    problem: Problem,
    generator: torch.Generator,
    *,
    steps: int = STEPS,
    targets: int = 9,
    told: ShareTold = unheard,
) -> Tensor:
    """Auto-PGD towards each of the `targets` likeliest other classes in turn.

    Only pictures that are still named rightly go on to the next.
    """
    result = problem.x.clone()
    with torch.no_grad():
        logits = problem.network(problem.x)
    order = logits.scatter(1, problem.y[:, None], -torch.inf).argsort(1, descending=True)
    tried = min(targets, logits.shape[1] - 1)
    for place in range(tried):
        standing = problem.right(result).nonzero()[:, 0]
        if len(standing) == 0:
            break
        towards = order[standing, place]

        def loss(given: Tensor, y: Tensor, towards: Tensor = towards) -> Tensor:
            return difference_of_logits(given, y, towards)

        result[standing] = apgd(
            problem.only(standing),
            generator,
            loss,
            steps=steps,
            told=lambda share: told(share / tried),
        )
    return result


def _looks(steps: int) -> set[int]:
    """The steps after which the progress is looked at."""
    places, share, last = [0.0, FIRST], FIRST, FIRST
    while last < 1:
        share = max(share - SHRINKING, LEAST)
        last += share
        places.append(last)
    return {round(place * steps) for place in places[1:] if place <= 1}
