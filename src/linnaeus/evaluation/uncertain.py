"""What is worth a second look: the least sure answers, as pictures, and labels that seem wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.evaluation.picture_uri import PictureOf, as_shown

__all__ = ["LabelInDoubt", "UncertainAnswer", "labels_in_doubt", "most_uncertain"]

SHOWN = 12


@dataclass(frozen=True)
class UncertainAnswer:
    """A picture with the two likeliest classes and their probabilities; `true` may be unknown.

    `picture` is a data URI, empty where the picture is not at hand.
    """

    id: str
    true: str
    first: str
    second: str
    probabilities: tuple[float, float]
    picture: str
    tiny: bool


@dataclass(frozen=True)
class LabelInDoubt:
    """A picture called `label`, which the classifier takes for `instead`, with its probability."""

    id: str
    label: str
    instead: str
    probability: float


def most_uncertain(predictions: Predictions, picture_of: PictureOf) -> tuple[UncertainAnswer, ...]:
    """The up to 12 pictures whose two likeliest classes lie closest together, closest first."""
    read = np.flatnonzero(~np.isnan(predictions.probabilities).any(axis=1))
    two = np.sort(predictions.probabilities[read], axis=1)[:, -2:]
    closest = read[np.argsort(two[:, 1] - two[:, 0], kind="stable")[:SHOWN]]
    return tuple(_uncertain(predictions, int(row), picture_of) for row in closest)


def labels_in_doubt(predictions: Predictions) -> tuple[tuple[LabelInDoubt, ...], int]:
    """The labels that confident learning doubts, the surest first, at most 12; and how many.

    A label is in doubt where another class is the likeliest, and at least as probable as it is on
    average among the pictures labelled with it (Northcutt and others 2021). The classifier has not
    learnt from these pictures, so it speaks of them without having seen their labels.
    """
    read = ~np.isnan(predictions.probabilities).any(axis=1)
    rows = np.flatnonzero(read & (predictions.labels != UNKNOWN_LABEL))
    p, labels = predictions.probabilities[rows].astype(np.float64), predictions.labels[rows]
    usual = _usual_confidence(p, labels)
    said = p.argmax(axis=1)
    sure = p.max(axis=1)
    doubted = np.flatnonzero((said != labels) & (sure >= usual[said]))
    own = p[doubted, labels[doubted]]
    order = doubted[np.argsort(own - sure[doubted], kind="stable")]
    names = predictions.classes
    surest = [
        LabelInDoubt(
            predictions.ids[int(rows[at])],
            names[int(labels[at])],
            names[int(said[at])],
            float(sure[at]),
        )
        for at in order[:SHOWN]
    ]
    return tuple(surest), len(order)


def _usual_confidence(p: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """(classes,) the mean probability of a class among its own pictures; 1 where it has none."""
    count = np.bincount(labels, minlength=p.shape[1])
    total = np.bincount(labels, weights=p[np.arange(len(labels)), labels], minlength=p.shape[1])
    return np.divide(total, count, out=np.ones(p.shape[1]), where=count > 0)


def _uncertain(predictions: Predictions, row: int, picture_of: PictureOf) -> UncertainAnswer:
    p = predictions.probabilities[row]
    first, second = np.argsort(-p, kind="stable")[:2].tolist()
    label = int(predictions.labels[row])
    return UncertainAnswer(
        predictions.ids[row],
        "" if label == UNKNOWN_LABEL else predictions.classes[label],
        predictions.classes[first],
        predictions.classes[second],
        (float(p[first]), float(p[second])),
        *as_shown(picture_of(predictions.ids[row])),
    )
