"""Which model knows a class best, and whether that is more than luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.paired import LEVEL, discordance
from linnaeus.evaluation.significance import holm

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
    models: Sequence[str], right: Sequence[NDArray[np.bool_]], answers: Predictions
) -> tuple[ClassWinner, ...]:
    """The winner of each class that has pictures, in the order of the classes.

    `right`: for each model, (n,) whether its answer to each picture of `answers` was right. A
    winner is set beside the second by McNemar's test on the pictures of the class.
    """
    found = []
    for place, name in enumerate(answers.classes):
        of_class = answers.labels == place
        if of_class.any():
            found.append(_of_class(name, models, [one[of_class] for one in right]))
    adjusted = holm([one.p for one in found]).tolist()
    return tuple(
        ClassWinner(**{**vars(one), "p": p, "real": bool(one.second) and p < LEVEL})
        for one, p in zip(found, adjusted, strict=True)
    )


def _of_class(name: str, models: Sequence[str], right: Sequence[NDArray[np.bool_]]) -> ClassWinner:
    recalls = [float(one.mean()) for one in right]
    order = sorted(range(len(models)), key=lambda at: -recalls[at])
    second = order[1] if len(order) > 1 else None
    return ClassWinner(
        name=name,
        images=len(right[0]),
        winner=models[order[0]],
        second="" if second is None else models[second],
        recalls=dict(zip(models, recalls, strict=True)),
        p=1.0 if second is None else discordance(right[order[0]], right[second]).p,
        real=False,
    )
