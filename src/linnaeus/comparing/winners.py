"""Which model knows a class best, and whether that is more than luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.paired import LEVEL
from linnaeus.evaluation.significance import coin_flips, holm

__all__ = ["ClassWinner", "class_winners"]


@dataclass(frozen=True)
class ClassWinner:
    """The model that recognises a class most often. `recalls`: {model: share of its pictures}.

    `real`: whether it beats the second by more than luck, with all classes in view.
    """

    name: str
    images: int
    winner: str
    second: str
    recalls: dict[str, float]
    p: float
    real: bool

    def to_json(self) -> dict[str, Any]:
        """The class as comparison.json has it."""
        return {
            "class": self.name,
            "images": self.images,
            "winner": self.winner,
            "second": self.second or None,
            "recalls": self.recalls,
            "p": self.p,
            "real": self.real,
        }


def class_winners(
    models: Sequence[str],
    right: Sequence[NDArray[np.bool_]],
    answers: Predictions,
    groups: Sequence[str] | None = None,
) -> tuple[ClassWinner, ...]:
    """The winner of each class that has pictures, in the order of the classes.

    `right`: for each model, (n,) whether its answer to each picture of `answers` was right. A
    winner is set beside the second by McNemar's test on the pictures of the class, or on their
    groups where (n,) `groups` are known ("" for a picture of none).
    """
    together = np.arange(len(answers)) if groups is None else _numbered(groups)
    found = []
    for place, name in enumerate(answers.classes):
        of_class = answers.labels == place
        if of_class.any():
            known = [one[of_class] for one in right]
            found.append(_of_class(name, models, known, together[of_class]))
    adjusted = holm([one.p for one in found]).tolist()
    return tuple(
        ClassWinner(**{**vars(one), "p": p, "real": bool(one.second) and p < LEVEL})
        for one, p in zip(found, adjusted, strict=True)
    )


def _numbered(groups: Sequence[str]) -> NDArray[np.int64]:
    """(n,) a number for each group; a picture of none has its own."""
    numbers: dict[tuple[str, int], int] = {}
    keys = [(group, -1 if group else place) for place, group in enumerate(groups)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _of_class(
    name: str,
    models: Sequence[str],
    right: Sequence[NDArray[np.bool_]],
    together: NDArray[np.int64],
) -> ClassWinner:
    recalls = [float(one.mean()) for one in right]
    order = sorted(range(len(models)), key=lambda at: -recalls[at])
    second = order[1] if len(order) > 1 else None
    return ClassWinner(
        name=name,
        images=len(right[0]),
        winner=models[order[0]],
        second="" if second is None else models[second],
        recalls=dict(zip(models, recalls, strict=True)),
        p=1.0 if second is None else _p(right[order[0]], right[second], together),
        real=False,
    )


def _p(first: NDArray[np.bool_], second: NDArray[np.bool_], together: NDArray[np.int64]) -> float:
    """How often luck alone would part the two as unevenly, were both right equally often.

    Luck flips a coin for each of the groups `together` (n,), and not for each picture, since those
    of one group are mostly right or wrong together. Of groups of one this is McNemar's mid-p value.
    """
    _, group = np.unique(together, return_inverse=True)
    leads = np.bincount(group, first.astype(np.float64) - second).round().astype(np.int64)
    seen = abs(int(leads.sum()))
    sizes, counts = np.unique(np.abs(leads[leads != 0]), return_counts=True)
    if seen == 0:
        return 1.0
    chances = np.ones(1)  # of the sums -reach, …, reach; every other one is impossible
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        flips = np.zeros(2 * size * count + 1)
        flips[:: 2 * size] = coin_flips(count, np.arange(count + 1))
        chances = np.convolve(chances, flips)
    beyond = chances[len(chances) // 2 + seen :]
    return min(1.0, float(2 * beyond.sum() - beyond[0]))
