"""k-means: points parted into clusters about their means, in NumPy, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import generator

__all__ = ["k_means"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

STARTS = 10  # of which the best is taken: with three, one time in six a heap stayed unfound
STEPS = 50  # each way down; most stand still after twenty
BLOCK = 4096
"""Points whose distances are computed at a time, so that memory stays flat."""


def k_means(points: Floats, count: int, seed: int) -> tuple[Places, Floats]:
    """The cluster (n,) of each of `points` (n, d), and the means (count, d).

    Lloyd's way down (1982) from means drawn apart (k-means++, Arthur and Vassilvitskii 2007). Takes
    at most 500 passes of n x count x d products. A cluster may be empty.
    """
    found = [_descended(points, count, seed, start) for start in range(STARTS)]
    of_each, means, _ = min(found, key=lambda one: one[2])
    return of_each, means


def _descended(points: Floats, count: int, seed: int, start: int) -> tuple[Places, Floats, float]:
    """The clusters, their means, and the sum of the squared distances to these."""
    means = _drawn_apart(points, count, generator(seed, "k-means", start))
    of_each, squared = _nearest(points, means)
    for _ in range(STEPS):
        means = _means(points, of_each, means)
        before = of_each
        of_each, squared = _nearest(points, means)
        if np.array_equal(of_each, before):
            break
    return of_each, means, float(squared.sum())


def _drawn_apart(points: Floats, count: int, random: np.random.Generator) -> Floats:
    """Some of `points`, each drawn by its squared distance to those drawn before."""
    chosen = [points[random.integers(len(points))]]
    squared = _nearest(points, chosen[0][None])[1]
    while len(chosen) < count:
        rising = np.cumsum(squared)
        at = int(np.searchsorted(rising, random.random() * rising[-1], side="right"))
        chosen.append(points[min(at, len(points) - 1)])
        squared = np.minimum(squared, _nearest(points, chosen[-1][None])[1])
    return np.stack(chosen)


def _nearest(points: Floats, means: Floats) -> tuple[Places, Floats]:
    """(n,) which of `means` is nearest, and (n,) the squared distance to it."""
    of_each = np.empty(len(points), np.int64)
    squared = np.empty(len(points))
    lengths = np.einsum("kd,kd->k", means, means)
    for start in range(0, len(points), BLOCK):
        some = points[start : start + BLOCK]
        apart = lengths - 2 * (some @ means.T)
        nearest = apart.argmin(axis=1)
        of_each[start : start + BLOCK] = nearest
        least = apart[np.arange(len(some)), nearest] + np.einsum("nd,nd->n", some, some)
        squared[start : start + BLOCK] = np.maximum(least, 0.0)
    return of_each, squared


def _means(points: Floats, of_each: Places, before: Floats) -> Floats:
    """(k, d) the mean of each cluster; that of `before` where it is empty."""
    means = before.copy()
    for place in range(len(before)):
        inside = of_each == place
        if inside.any():
            means[place] = points[inside].mean(axis=0)
    return means
