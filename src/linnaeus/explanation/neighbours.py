"""The pictures of a training set that a picture looks most like, to the classifier's own eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbour", "nearest"]

Features = NDArray[np.float32]


class Neighbour(NamedTuple):
    """A picture called `id` with its label, and its likeness: the cosine of both features' angle,
    after the mean of all is taken away."""

    id: str
    label: str
    likeness: float


def nearest(
    features: Features, known: Features, ids: Sequence[str], labels: Sequence[str], count: int = 5
) -> list[list[Neighbour]]:
    """The `count` pictures among `known` (m, d) most like each of `features` (n, d), best first.

    `ids` and `labels` (m,) are of the known ones.
    """
    middle = known.mean(axis=0)
    deviation = known.std(axis=0)
    scale = np.where(deviation > 0, 1 / np.maximum(deviation, 1e-12), 0.0)
    cosines = _unit((features - middle) * scale) @ _unit((known - middle) * scale).T
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return [
        [Neighbour(ids[at], labels[at], float(row[at])) for at in places]
        for row, places in zip(cosines, best.tolist(), strict=True)
    ]


def _unit(rows: Features) -> Features:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    units: Features = rows / np.maximum(norms, 1e-12)
    return units
