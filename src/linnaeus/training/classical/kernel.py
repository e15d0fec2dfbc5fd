"""A support vector machine with a Gaussian kernel, by Nyström's approximation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.head_graphs import append_kernel
from linnaeus.randomness import generator
from linnaeus.training.classical.scaling import Scaling
from linnaeus.training.classical.task import Fitted, Task, loss_of
from linnaeus.training.head import Head, fit_head

__all__ = ["fit_kernel"]

LEAST_VARIANCE = 1e-6
"""Of the largest in the kernel's principal directions: what has less is noise of float32."""

ROWS = 4096  # likenesses computed at a time
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Machine:
    """A machine for one width of the kernel: its head stands on `whitening` of likenesses."""

    gamma: float
    head: Head
    whitening: NDArray[np.float64]
    loss: float


def fit_kernel(task: Task) -> Fitted:
    """Each class against the rest by the squared hinge loss, in the space of the kernel.

    A picture is its likenesses to landmarks among the training pictures, whitened so that products
    are the kernel's (Williams and Seeger 2001). Width and strength are the best on validation;
    where time is over, further widths are not tried.
    """
    scaling = Scaling.of(task)
    train, validation = scaling(task.train.features), scaling(task.validation.features)
    landmarks = _landmarks(task, train)
    gammas = task.plan.rbf_gammas if len(task.validation) else task.plan.rbf_gammas[:1]
    best: _Machine | None = None
    tried: list[float] = []
    for gamma in gammas:
        if best is not None and task.late():
            break
        machine = _machine(task, gamma, landmarks, train, validation)
        tried.append(gamma)
        if best is None or machine.loss < best.loss:
            best = machine
    assert best is not None
    weight = best.whitening @ best.head.weight.T.astype(np.float64)
    bias = best.head.bias
    how = f", the best of {len(tried)} on validation," if len(tried) > 1 else ""
    graph = append_kernel(task.graph, scaling.pair, landmarks, best.gamma, weight, bias)
    return Fitted(
        graph=graph,
        parameters=landmarks.size + weight.size + bias.size + 1,
        remark=f"Its kernel has gamma {best.gamma:g}{how} on {len(landmarks):,} landmarks; its"
        f" regularisation has strength {best.head.strength:g}.",
        settled={"rbf_gammas": (best.gamma,)},
        tried=best.head.tried,
    )


def _landmarks(task: Task, train: Floats) -> Floats:
    order = generator(task.seed, "landmarks").permutation(len(train))
    return train[order[: task.plan.rbf_landmarks]]


def _machine(
    task: Task, gamma: float, landmarks: Floats, train: Floats, validation: Floats
) -> _Machine:
    whitening = _whitening(_likeness(landmarks, landmarks, gamma))
    narrow = whitening.astype(np.float32)
    seen, judged = (_likeness(rows, landmarks, gamma) @ narrow for rows in (train, validation))
    head = fit_head(
        seen,
        task.train.labels,
        (judged, task.validation.labels),
        classes=task.classes,
        parts=None,
        strengths=task.strengths,
        progress=task.progress,
        stop=task.late,
        loss="hinge",
        class_weights=task.class_weights,
    )
    loss = loss_of(head.logits(judged), task.validation.labels)
    return _Machine(gamma, head, whitening, loss)


def _likeness(rows: Floats, landmarks: Floats, gamma: float) -> Floats:
    """(n, m) exp(-gamma * squared distance)."""
    theirs = (landmarks.astype(np.float64) ** 2).sum(axis=1).astype(np.float32)
    likeness = np.empty((len(rows), len(landmarks)), np.float32)
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        own = (some.astype(np.float64) ** 2).sum(axis=1, keepdims=True).astype(np.float32)
        distance = np.maximum(some @ (-2 * landmarks.T) + own + theirs, 0)
        likeness[start : start + ROWS] = np.exp(np.float32(-gamma) * distance)
    return likeness


def _whitening(likeness: Floats) -> NDArray[np.float64]:
    """(m, k) that makes of likenesses to the landmarks coordinates whose products are the kernel's.

    k is m less the directions in which there is next to nothing.
    """
    variances, directions = np.linalg.eigh(likeness.astype(np.float64))
    kept = variances > LEAST_VARIANCE * variances[-1]
    whitening: NDArray[np.float64] = directions[:, kept] / np.sqrt(variances[kept])
    return whitening
