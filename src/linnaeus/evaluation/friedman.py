"""Whether several ways of training differ over several data sets: Friedman's test and Nemenyi's.

Scores of different data sets cannot be averaged, but ranks can: 1 for the best on a data set, 2 for
the next. Demšar (2006) recommends both tests for this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.evaluation.distributions import range_point
from linnaeus.evaluation.paired import LEVEL
from linnaeus.randomness import generator

__all__ = ["Ranking", "rank_over_sets"]

Floats = NDArray[np.float64]

DRAWS = 20_000  # of the permutation test: a p of 0.05 is then known to 0.0015


@dataclass(frozen=True)
class Ranking:
    """How models rank over `sets` data sets.

    `mean_ranks`: (models,), 1 is best. `p`: how often luck alone would rank them as unevenly, were
    all alike. `critical_difference`: mean ranks nearer than this cannot be told apart.
    `alike`: the largest groups of models (positions, best first) that cannot be told apart: all of
    them where `p` is not below 0.05.
    """

    sets: int
    mean_ranks: tuple[float, ...]
    statistic: float
    p: float
    critical_difference: float
    alike: tuple[tuple[int, ...], ...]

    @property
    def order(self) -> list[int]:
        """The models' positions, best first."""
        return sorted(range(len(self.mean_ranks)), key=lambda at: self.mean_ranks[at])

    @property
    def can_tell(self) -> bool:
        """Whether so few data sets could tell even the best on all from the worst on all."""
        return self.critical_difference <= len(self.mean_ranks) - 1

    def told_apart(self, one: int, other: int) -> bool:
        """Whether Nemenyi's test calls the difference of two models real."""
        apart = abs(self.mean_ranks[one] - self.mean_ranks[other])
        return self.p < LEVEL and apart > self.critical_difference

    def to_json(self) -> dict[str, Any]:
        """The ranking as JSON has it."""
        return {
            "sets": self.sets,
            "mean_ranks": list(self.mean_ranks),
            "friedman": {"statistic": self.statistic, "p": self.p},
            "critical_difference": self.critical_difference,
            "alike": [list(group) for group in self.alike],
        }


def rank_over_sets(scores: ArrayLike, *, seed: int = 0) -> Ranking:
    """Rank models by `scores` (sets, models), of which more is better; equal ones share a rank.

    Friedman's p comes from permuting the ranks within data sets, which holds for two sets as for a
    hundred, where the usual chi-squared and F do not. Nemenyi's critical difference is at 5 %.
    Raises ValueError for fewer than two models or data sets.
    """
    given = np.asarray(scores, np.float64)
    sets, models = given.shape
    if sets < 2 or models < 2:
        raise ValueError(f"two data sets and two models are the least, not {given.shape}")
    ranks = np.stack([_ranks(-row) for row in given])
    mean = ranks.mean(axis=0)
    apart = (
        range_point(models, LEVEL) / math.sqrt(2) * math.sqrt(models * (models + 1) / (6 * sets))
    )
    p = _permuted_p(ranks, seed)
    return Ranking(
        sets=sets,
        mean_ranks=tuple(float(one) for one in mean),
        statistic=_statistic(ranks),
        p=p,
        critical_difference=apart,
        alike=_groups(mean, apart if p < LEVEL else math.inf),
    )


def _ranks(values: Floats) -> Floats:
    """(models,) from 1 for the least of `values`; equal ones have the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    return (last - (counts - 1) / 2)[inverse]


def _statistic(ranks: Floats) -> float:
    """Friedman's chi-squared (1937), corrected for ties; 0 where all are tied everywhere."""
    sets, models = ranks.shape
    between = float(((ranks.sum(axis=0) - sets * (models + 1) / 2) ** 2).sum())
    within = float(((ranks - (models + 1) / 2) ** 2).sum())
    return (models - 1) * between / within if within > 0 else 0.0


def _permuted_p(ranks: Floats, seed: int) -> float:
    """How often ranks shuffled within each data set give as large a statistic."""
    sets, models = ranks.shape
    random = generator(seed, "friedman")
    shuffled = np.broadcast_to(ranks, (DRAWS, sets, models))
    sums = random.permuted(shuffled, axis=2).sum(axis=1)
    middle = sets * (models + 1) / 2
    drawn = ((sums - middle) ** 2).sum(axis=1)
    seen = float(((ranks.sum(axis=0) - middle) ** 2).sum())
    return float((1 + (drawn >= seen - 1e-9).sum()) / (1 + DRAWS))


def _groups(mean: Floats, apart: float) -> tuple[tuple[int, ...], ...]:
    """The largest runs of models, by mean rank, whose ends are no further than `apart`."""
    order = np.argsort(mean, kind="stable").tolist()
    found: list[tuple[int, ...]] = []
    for first in range(len(order)):
        near = [at for at in order[first:] if mean[at] - mean[order[first]] <= apart]
        if len(near) > 1 and not any(set(near) <= set(group) for group in found):
            found.append(tuple(near))
    return tuple(found)
