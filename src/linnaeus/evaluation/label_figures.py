"""Label by label, where a picture may have several: found, missed, wrongly added, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure

__all__ = ["LabelFigures", "Mixup", "mixups"]

Sets = NDArray[np.bool_]

MIXUPS = 10


@dataclass(frozen=True)
class LabelFigures:
    """One label: `images` that have it, `answers` that give it, and how well the two agree.

    `right` of the answers are. Without images all but precision mean nothing and are None, and
    without answers precision is 0 between 0 and 1. `auroc` is None where all images have the label.
    """

    name: str
    images: int
    answers: int
    right: int
    precision: Figure
    recall: Figure | None
    f1: Figure | None
    average_precision: Figure | None
    auroc: Figure | None
    threshold: float | None

    @property
    def missed(self) -> int:
        """Pictures that have it and were not given it."""
        return self.images - self.right

    @property
    def added(self) -> int:
        """Pictures that were given it and do not have it."""
        return self.answers - self.right

    @property
    def mistakes(self) -> int:
        """Missed or wrongly added."""
        return self.missed + self.added

    def to_json(self) -> dict[str, Any]:
        """The label as metrics.json has it."""
        figures = {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "average_precision": self.average_precision,
            "auroc": self.auroc,
        }
        return {
            "class": self.name,
            "images": self.images,
            "answers": self.answers,
            "missed": self.missed,
            "added": self.added,
            **{name: figure.to_json() if figure else None for name, figure in figures.items()},
            "threshold": self.threshold,
        }


@dataclass(frozen=True)
class Mixup:
    """`count` pictures whose label `missed` was not given, and `added` wrongly was."""

    missed: str
    added: str
    count: int

    def to_json(self) -> dict[str, Any]:
        """The pair as metrics.json has it."""
        return {"missed": self.missed, "added": self.added, "count": self.count}


def mixups(truth: Sets, given: Sets, classes: tuple[str, ...]) -> tuple[Mixup, ...]:
    """The 10 most frequent pairs of a missed and a wrongly added label of one picture.

    `truth`, `given`: (n, classes) bool.
    """
    missed, added = (truth & ~given).astype(np.int64), (given & ~truth).astype(np.int64)
    counts = missed.T @ added
    order = np.argsort(-counts.ravel(), kind="stable")[:MIXUPS]
    cells = (divmod(int(cell), len(classes)) for cell in order)
    return tuple(
        Mixup(classes[one], classes[other], int(counts[one, other]))
        for one, other in cells
        if counts[one, other]
    )
