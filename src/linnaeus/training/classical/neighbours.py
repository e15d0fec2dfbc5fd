"""The nearest neighbours among the training pictures, and their votes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.head_graphs import append_neighbours
from linnaeus.training.classical.scaling import Scaling
from linnaeus.training.classical.task import Fitted, Task, loss_of

__all__ = ["fit_neighbours"]

ROWS = 512  # pictures compared with all others at a time
DOUBT = 1.0
"""A vote that is shared among the classes as they are frequent: without it, ten neighbours of one
class would be certain, and calibration could not bring that back."""

Floats = NDArray[np.float32]


def fit_neighbours(task: Task) -> Fitted:
    """Keep the training pictures, and choose how many vote by the log loss on validation."""
    scaling = Scaling.of(task)
    memory = _unit(scaling(task.train.features))
    votes = np.zeros((len(memory), task.classes), np.float32)
    votes[np.arange(len(memory)), task.train.labels] = task.sample_weights
    prior = DOUBT * votes.mean(axis=0, dtype=np.float64) + np.finfo(np.float32).tiny
    allowed = [k for k in task.plan.neighbours if k <= len(memory)] or [len(memory)]
    best, tried = _best(task, scaling, memory, votes, prior, allowed)
    how = f", the best of {tried} on validation" if tried > 1 else ""
    return Fitted(
        graph=append_neighbours(task.graph, scaling.pair, memory, votes, best, prior),
        parameters=memory.size,
        remark=f"Of {len(memory):,} pictures that it remembers, the nearest {best} vote{how}.",
        settled={"neighbours": (best,)},
    )


def _best(
    task: Task,
    scaling: Scaling,
    memory: Floats,
    votes: Floats,
    prior: NDArray[np.float64],
    allowed: list[int],
) -> tuple[int, int]:
    """The number of voters with the least log loss, and how many numbers were tried."""
    if len(task.validation) == 0 or len(allowed) == 1:
        return allowed[0], 1
    near, places = _nearest(_unit(scaling(task.validation.features)), memory, max(allowed))
    said = np.exp(near)[:, :, None] * votes[places]
    losses = {
        k: loss_of(np.log(said[:, :k].sum(axis=1) + prior), task.validation.labels) for k in allowed
    }
    return min(losses, key=lambda k: losses[k]), len(losses)


def _nearest(rows: Floats, memory: Floats, count: int) -> tuple[Floats, NDArray[np.intp]]:
    """Of each of `rows`, the likeness to its `count` nearest in `memory`, and where they stand."""
    near = np.empty((len(rows), count), np.float32)
    places = np.empty((len(rows), count), np.intp)
    for start in range(0, len(rows), ROWS):
        likeness = rows[start : start + ROWS] @ memory.T
        found = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        places[start : start + ROWS] = found
        near[start : start + ROWS] = np.take_along_axis(likeness, found, axis=1)
    return near, places


def _unit(rows: Floats) -> Floats:
    length = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    unit: Floats = (rows / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit
