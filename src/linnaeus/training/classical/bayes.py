"""Naive Bayes: each feature of each class has a normal distribution of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.head_graphs import append_bayes
from linnaeus.training.classical.scaling import Scaling
from linnaeus.training.classical.task import Fitted, Task, loss_of

__all__ = ["fit_bayes"]

Array = NDArray[np.float64]


def fit_bayes(task: Task) -> Fitted:
    """Means and variances of each class, with as much added to these as suits validation best."""
    scaling = Scaling.of(task)
    rows = scaling(task.train.features)
    means, variances = _moments(rows, task)
    unit = _unit(rows, variances)
    prior = np.bincount(task.train.labels, task.sample_weights, task.classes)
    prior = np.maximum(prior, np.finfo(np.float32).tiny) / prior.sum()
    share, tried = _best(task, scaling, means, variances, unit, prior)
    smooth = variances + share * unit
    how = f", the best of {tried} on validation" if tried > 1 else ""
    return Fitted(
        graph=append_bayes(task.graph, scaling.pair, means, smooth, prior),
        parameters=means.size + variances.size + prior.size,
        remark=f"Its variances are smoothed by {share:g} of the largest{how}.",
        settled={"smoothings": (share,)},
    )


def _best(
    task: Task, scaling: Scaling, means: Array, variances: Array, unit: float, prior: Array
) -> tuple[float, int]:
    """The smoothing, in shares of `unit`, with the least log loss on validation, and how many there
    were to try.
    """
    shares, labels = task.plan.smoothings, task.validation.labels
    if len(labels) == 0 or len(shares) == 1:
        return shares[0], 1
    rows = scaling(task.validation.features).astype(np.float64)
    losses = {
        share: loss_of(_log_densities(rows, means, variances + share * unit, prior), labels)
        for share in shares
    }
    return min(losses, key=lambda share: losses[share]), len(shares)


def _moments(rows: NDArray[np.float32], task: Task) -> tuple[Array, Array]:
    """The mean and the variance of each feature in each class: (classes, d) both."""
    of_class = [rows[task.train.labels == c].astype(np.float64) for c in range(task.classes)]
    means = np.stack([some.mean(axis=0) for some in of_class])
    return means, np.stack([some.var(axis=0) for some in of_class])


def _unit(rows: NDArray[np.float32], variances: Array) -> float:
    """What variances are smoothed by shares of: the largest.

    But no less than a feature varies over all classes: of one picture a class none varies within
    it, and where all pictures are the same, none varies at all.
    """
    over_all = float(rows.astype(np.float64).var(axis=0).mean())
    return max(float(variances.max()), over_all) or 1.0


def _log_densities(rows: Array, means: Array, variances: Array, prior: Array) -> Array:
    """(n, classes), up to what is the same for all classes: as the graph computes them."""
    sharp = 1 / variances
    level = np.log(prior) - 0.5 * (np.log(variances) + sharp * means**2).sum(axis=1)
    densities: Array = rows @ (sharp * means).T - 0.5 * rows**2 @ sharp.T + level
    return densities
