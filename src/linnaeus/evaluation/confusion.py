"""Who is taken for whom: the confusion matrix, its classes and its most confused pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, share_among

__all__ = [
    "ClassFigures",
    "ConfusedPair",
    "Margins",
    "class_figures",
    "confusion_counts",
    "figures_of_class",
    "most_confused",
]

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

PAIRS = 10


@dataclass(frozen=True)
class ClassFigures:
    """One class: `images` that are it, `answers` that say it, and how well the two agree.

    Without images, recall and F1 mean nothing and are None; without answers, precision is 0 and
    its interval is all of [0, 1].
    """

    name: str
    images: int
    answers: int
    precision: Figure
    recall: Figure | None
    f1: Figure | None

    def to_json(self) -> dict[str, Any]:
        """The class as metrics.json has it."""
        return {
            "class": self.name,
            "images": self.images,
            "answers": self.answers,
            "precision": self.precision.to_json(),
            "recall": self.recall.to_json() if self.recall else None,
            "f1": self.f1.to_json() if self.f1 else None,
        }


@dataclass(frozen=True)
class ConfusedPair:
    """`count` pictures of the class `true` were called `said`: `share` of all that are `true`."""

    true: str
    said: str
    count: int
    share: Figure

    def to_json(self) -> dict[str, Any]:
        """The pair as metrics.json has it."""
        return {
            "true": self.true,
            "said": self.said,
            "count": self.count,
            "share": self.share.to_json(),
        }


@dataclass(frozen=True)
class Margins:
    """Per class, how many pictures: right, true and said; (classes,) float64, weighted or not."""

    right: Floats
    true: Floats
    said: Floats

    @classmethod
    def of(
        cls, labels: Counts, answers: Counts, classes: int, weights: Floats | None = None
    ) -> Margins:
        """Count `labels` and `answers`, both (n,) positions of classes."""
        given = np.ones(len(labels)) if weights is None else weights
        right = given * (labels == answers)
        counted: list[Floats] = [
            np.bincount(of, weights=by, minlength=classes).astype(np.float64)
            for of, by in ((labels, right), (labels, given), (answers, given))
        ]
        return cls(*counted)

    def f1(self) -> Floats:
        """(classes,) F1; 0 where a class is neither true nor said."""
        either = self.true + self.said
        f1: Floats = np.divide(2 * self.right, either, out=np.zeros_like(either), where=either > 0)
        return f1

    def even_trials(self) -> float:
        """The sample size of a macro average, were each class as hard as the others (Kish 1965)."""
        true = self.true[self.true > 0]
        return float(len(true) ** 2 / (1 / true).sum())


def confusion_counts(labels: Counts, answers: Counts, classes: int) -> Counts:
    """(classes, classes) int64: a row for each true class, a column for each answer."""
    cells = np.bincount(labels * classes + answers, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def class_figures(
    labels: Counts, answers: Counts, classes: tuple[str, ...], by: Resampling
) -> tuple[ClassFigures, ...]:
    """The figures of each class, by its position, from `labels` and `answers`, both (n,)."""
    return tuple(
        figures_of_class(name, labels == at, answers == at, by) for at, name in enumerate(classes)
    )


def figures_of_class(
    name: str, true: NDArray[np.bool_], said: NDArray[np.bool_], by: Resampling
) -> ClassFigures:
    """The figures of one class, which the pictures that are `true` are; both (n,)."""
    images, answers = int(true.sum()), int(said.sum())
    precision = share_among(true, said, by) if answers else Figure(0.0, 0.0, 1.0)
    recall = share_among(said, true, by) if images else None
    f1 = _f1(share_among(true & said, true | said, by)) if images else None
    return ClassFigures(name, images, answers, precision, recall, f1)


def _f1(share: Figure) -> Figure:
    """F1 rises with the share of right ones among those true or said, so its interval maps over."""
    value, low, high = (2 * s / (1 + s) for s in (share.value, share.low, share.high))
    return Figure.around(value, low, high)


def most_confused(
    labels: Counts, answers: Counts, counts: Counts, classes: tuple[str, ...], by: Resampling
) -> tuple[ConfusedPair, ...]:
    """The 10 pairs (true, said) with most mistakes; at equal counts the larger share first."""
    mistakes = counts - np.diag(np.diag(counts))
    shares = mistakes / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    order = np.lexsort((-shares.ravel(), -mistakes.ravel()))[:PAIRS]
    pairs = []
    for true, said in (divmod(int(cell), len(classes)) for cell in order):
        if count := int(mistakes[true, said]):
            share = share_among(answers == said, labels == true, by)
            pairs.append(ConfusedPair(classes[true], classes[said], count, share))
    return tuple(pairs)
