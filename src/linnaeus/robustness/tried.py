"""Attacks one after the other on the pictures of a problem, and what is left standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import share_figure
from linnaeus.models.drawn import drawn_by
from linnaeus.progress import Progress, Stage
from linnaeus.robustness.attacks.apgd import apgd, apgd_targeted
from linnaeus.robustness.attacks.gradient_steps import fgsm, pgd
from linnaeus.robustness.attacks.patch import patch
from linnaeus.robustness.attacks.problem import Problem, ShareTold, cross_entropy
from linnaeus.robustness.attacks.square import square
from linnaeus.robustness.share_done import ShareDone

__all__ = ["ATTACKS", "STRONG", "AttackName", "Tried", "right_in", "try_all"]

AttackName = Literal["fgsm", "pgd", "apgd-ce", "apgd-t", "square", "patch"]
ATTACKS: tuple[AttackName, ...] = get_args(AttackName)
STRONG: tuple[AttackName, ...] = ("apgd-ce", "apgd-t", "square")
"""One after the other on what still stands; what stands in the end is the robust accuracy."""

AT_ONCE = 250  # pictures in one batch of an attack


@dataclass(frozen=True)
class Tried:
    """What all attacks came to: `accuracy` by attack, which pictures are `standing` (n,), and every
    picture as it was `changed` (n, 3, h, w) by the first attack within its distance to fool it.
    """

    accuracy: dict[str, Figure]
    standing: Tensor
    changed: Tensor


def try_all(
    problem: Problem, right: Tensor, chosen: Sequence[AttackName], seed: int, progress: Progress
) -> Tried:
    """Every attack of `chosen`; those of the strong ensemble on what the ones before left."""
    changed, standing = problem.x.clone(), right.clone()
    accuracy: dict[str, Figure] = {}
    for name in chosen:
        rows = (standing if name in STRONG else right).nonzero()[:, 0]
        with progress.stage(f"Attacking by {name}", len(rows)) as stage:
            made, still = _attacked(problem, rows, name, seed, stage)
        stands = torch.zeros_like(right)
        stands[rows] = still
        accuracy[name] = share_figure(int(stands.sum()), len(right))
        if name != "patch" or len(chosen) == 1:  # it keeps to no distance, as others do
            newly = (standing & ~stands)[rows]
            changed[rows[newly]] = made[newly]
            standing &= stands | ~torch.isin(torch.arange(len(right)), rows)
    return Tried(accuracy, standing, changed)


def right_in(problem: Problem) -> Tensor:
    """(n,) bool: which pictures of `problem` are named rightly as they are."""
    rows = torch.split(torch.arange(len(problem.y)), AT_ONCE)
    return torch.cat([part.right(part.x) for part in map(problem.only, rows)])


def _attacked(
    problem: Problem, rows: Tensor, name: AttackName, seed: int, stage: Stage
) -> tuple[Tensor, Tensor]:
    """What comes of the pictures at `rows`, and which of them are still named rightly."""
    changed, still = [problem.x[:0]], [torch.zeros(0, dtype=torch.bool)]
    for place, some in enumerate(torch.split(rows, AT_ONCE)):
        part = problem.only(some)
        drawn = drawn_by(seed, f"attack {name}", place)
        done = ShareDone(stage, len(some))
        pictures = part.x if problem.eps == 0 and name != "patch" else _by(name, part, drawn, done)
        changed.append(pictures)
        still.append(part.right(pictures))
        done.finish(f"{int(torch.cat(still).sum()):,} still right")
    return torch.cat(changed), torch.cat(still)


def _by(name: AttackName, problem: Problem, drawn: torch.Generator, told: ShareTold) -> Tensor:
    if name == "fgsm":
        return fgsm(problem)
    if name == "apgd-ce":
        return apgd(problem, drawn, cross_entropy, told=told)
    if name == "pgd":
        return pgd(problem, drawn, told=told)
    if name == "apgd-t":
        return apgd_targeted(problem, drawn, told=told)
    if name == "square":
        return square(problem, drawn, told=told)
    return patch(problem, drawn, told=told)
