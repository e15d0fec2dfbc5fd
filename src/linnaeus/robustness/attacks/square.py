"""The Square attack: squares of changed pixels, kept where the answer gets worse; no gradients."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from linnaeus.robustness.attacks.problem import Problem, ShareTold, unheard

__all__ = ["square"]

QUERIES = 1000
FIRST_SHARE = 0.8  # of the picture's area that the first squares cover, as in the paper
HALVED_AT = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries


@torch.no_grad()
def square(
    problem: Problem,
    generator: torch.Generator,
    *,
    queries: int = QUERIES,
    told: ShareTold = unheard,
) -> Tensor:
    """Random search in the eps-cube (Andriushchenko and others 2020), for the norm linf.

    It sees nothing but answers, so it finds what a network hides from gradients.
    """
    count, channels, height, width = problem.x.shape
    stripes = torch.randint(0, 2, (count, channels, 1, width), generator=generator).to(problem.x)
    at = (problem.x + problem.eps * (2 * stripes - 1)).clamp(0, 1)
    margins = _margins(problem, at)
    for query in range(queries):
        standing = (margins > 0).nonzero()[:, 0]
        if len(standing) == 0:
            break
        side = max(1, round(math.sqrt(_share(query, queries) * height * width)))
        side = min(side, height, width)
        tried = at[standing].clone()
        places = torch.rand(len(standing), 2, generator=generator)
        tops = (places[:, 0] * (height - side + 1)).long()
        lefts = (places[:, 1] * (width - side + 1)).long()
        signs = 2.0 * torch.randint(0, 2, (len(standing), channels), generator=generator) - 1
        for row, (top, left) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True)):
            view = (slice(None), slice(top, top + side), slice(left, left + side))
            change = problem.eps * signs[row].to(at)[:, None, None]
            tried[row][view] = problem.x[standing[row]][view] + change
        tried = tried.clamp(0, 1)
        reached = _margins(problem.only(standing), tried)
        better = reached < margins[standing]
        kept = standing[better]
        at[kept], margins[kept] = tried[better], reached[better]
        told(1 / queries)
    return at


def _margins(problem: Problem, pictures: Tensor) -> Tensor:
    """(n,) by how much the true class leads the best other; 0 or less where it is not named."""
    logits = problem.network(pictures)
    true = logits.gather(1, problem.y[:, None])[:, 0]
    others = logits.scatter(1, problem.y[:, None], -torch.inf).amax(1)
    return true - others


def _share(query: int, queries: int) -> float:
    """Of the area that a square covers at `query`: halved as the paper's schedule says."""
    at = 10_000 * query / queries
    halvings = sum(at > place for place in HALVED_AT)
    return float(FIRST_SHARE * 0.5**halvings)
