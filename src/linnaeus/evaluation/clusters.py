"""Clusters: judged pictures whose features lie close together, within a class and across all.

They are made of features and answers alone, never of whether an answer was right: that is tested
afterwards, as of any other part of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.k_means import k_means

__all__ = ["FEWEST_CLUSTERED", "Cluster", "beside_answers", "clusters_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_CLUSTERED = 40
"""Pictures, below which nothing is clustered: two halves of them are just large enough to judge."""

MOST_CLUSTERS = 30
MOST_IN_A_CLASS = 5
"""A few in each of many classes are as many tests as thirty across all."""

PICTURES_A_CLUSTER = 25
"""On average, of up to 750 pictures: fewer are seldom told from chance, more are seldom one kind.
Of 500 photographs, 50 of glass darkened, these made a weak cluster in any order of the pictures
with twenty clusters or thirty, and with ten at times none."""

PULL = 5.0
"""Pictures that the mean of all counts for beside those of one answer: there may be only one."""

AXES = 16
"""Principal components to cluster by: in all 128, what comes out hangs on the pictures' order."""

EXAMPLES = 6


@dataclass(frozen=True, eq=False)
class Cluster:
    """`members` (n,) bool of all pictures, and the `examples` (at most 6) nearest to their mean."""

    members: Mask
    examples: tuple[int, ...]


def beside_answers(features: NDArray[np.floating], answers: NDArray[np.int64]) -> Floats:
    """(n, d) the `features` less the mean of those with the same of `answers` (n,), nearly.

    Clusters of the features themselves would be those of answers: pictures of a class that are
    taken for another, which the confusion matrix tells better, and which are weak by being so.
    """
    apart: Floats = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    for answer in np.unique(answers):
        same = answers == answer
        apart[same] -= apart[same].sum(axis=0) / (same.sum() + PULL)
    return apart


def clusters_of(points: Floats, own: Mask | None = None) -> list[Cluster]:
    """Part the pictures, or where given the `own` (n,) ones of a class, by `points` (n, d).

    The largest comes first. There is none of fewer than 40 pictures.
    """
    rows = np.arange(len(points)) if own is None else np.flatnonzero(own)
    if len(rows) < FEWEST_CLUSTERED:
        return []
    inside = _along_most(points[rows])
    count = len(rows) // PICTURES_A_CLUSTER
    most = MOST_CLUSTERS if own is None else MOST_IN_A_CLASS
    of_each, means = k_means(inside, min(max(count, 2), most), seed=0)
    found = _clusters(inside, rows, of_each, means, len(points))
    return sorted(found, key=lambda one: -int(one.members.sum()))


def _along_most(points: Floats) -> Floats:
    """The points (n, d) by their principal components, 16 at most."""
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # by rising spread
    along: Floats = centred @ axes[:, -AXES:]
    return along


def _clusters(
    points: Floats, rows: NDArray[np.int64], of_each: NDArray[np.int64], means: Floats, total: int
) -> Iterator[Cluster]:
    squared = ((points - means[of_each]) ** 2).sum(axis=1)
    for place in range(len(means)):
        inside = np.flatnonzero(of_each == place)
        members = np.zeros(total, bool)
        members[rows[inside]] = True
        nearest = inside[np.argsort(squared[inside], kind="stable")[:EXAMPLES]]
        yield Cluster(members, tuple(rows[nearest].tolist()))
