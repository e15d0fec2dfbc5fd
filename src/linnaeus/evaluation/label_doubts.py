"""What is worth a second look where a picture may have several labels, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.picture_uri import PictureOf, as_shown

__all__ = ["DoubtedYesOrNo", "UnsureLabels", "least_sure_labels", "yes_or_nos_in_doubt"]

SHOWN = 12
LABELS_SHOWN = 3
SMALLEST = 1e-12  # whose entropy is 0 to any digit that counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UnsureLabels:
    """A picture with the labels that are nearest to even odds, and their probabilities.

    `true` may be empty, and is None where it is not known. `picture` is a data URI, empty where the
    picture is not at hand.
    """

    id: str
    true: tuple[str, ...] | None
    unsure: tuple[tuple[str, float], ...]
    picture: str
    tiny: bool


@dataclass(frozen=True)
class DoubtedYesOrNo:
    """A picture that has the `label`, or has it not, and the probability that it has."""

    id: str
    label: str
    has: bool
    probability: float


def least_sure_labels(predictions: Predictions, picture_of: PictureOf) -> tuple[UnsureLabels, ...]:
    """The up to 12 pictures of most binary entropy, averaged over the labels; the largest first."""
    read = _read(predictions)
    mean = _entropy(predictions.probabilities[read]).mean(axis=1)
    order = read[np.argsort(-mean, kind="stable")[:SHOWN]]
    return tuple(_unsure(predictions, int(row), picture_of) for row in order)


def yes_or_nos_in_doubt(predictions: Predictions) -> tuple[tuple[DoubtedYesOrNo, ...], int]:
    """What confident learning doubts, a label at a time, the surest first, at most 12; how many.

    Each label parts the pictures into two classes, those that have it and those that have not. One
    is in doubt where the other is the likelier, and at least as probable as it is on average among
    the pictures that are of it (Northcutt and others 2021).
    """
    truth = predictions.label_sets
    if truth is None:
        return (), 0
    rows = _read(predictions)
    p, has = predictions.probabilities[rows].astype(np.float64), truth[rows]
    added = ~has & (p > 0.5) & (p >= _usual(p, has))
    missed = has & (p < 0.5) & (1 - p >= _usual(1 - p, ~has))
    pictures, labels = np.nonzero(added | missed)
    sure = np.abs(has - p)[pictures, labels]
    surest = [
        DoubtedYesOrNo(
            predictions.ids[int(rows[pictures[at]])],
            predictions.classes[int(labels[at])],
            bool(has[pictures[at], labels[at]]),
            float(p[pictures[at], labels[at]]),
        )
        for at in np.argsort(-sure, kind="stable")[:SHOWN].tolist()
    ]
    return tuple(surest), len(pictures)


def _read(predictions: Predictions) -> NDArray[np.int64]:
    """The rows of the pictures that could be read."""
    return np.flatnonzero(~np.isnan(predictions.probabilities).any(axis=1))


def _usual(p: Floats, of_it: NDArray[np.bool_]) -> Floats:
    """(classes,) the mean of `p` (n, classes) among the pictures `of_it`; above 1 without any."""
    count = of_it.sum(axis=0)
    total = (p * of_it).sum(axis=0)
    usual: Floats = np.divide(total, count, out=np.full(p.shape[1], 2.0), where=count > 0)
    return usual


def _entropy(chances: NDArray[np.floating]) -> Floats:
    """The binary entropy of each probability, in nats."""
    p = np.clip(chances.astype(np.float64), SMALLEST, 1 - SMALLEST)
    entropy: Floats = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    return entropy


def _unsure(predictions: Predictions, row: int, picture_of: PictureOf) -> UnsureLabels:
    p = predictions.probabilities[row]
    nearest = np.argsort(-_entropy(p), kind="stable")[:LABELS_SHOWN].tolist()
    return UnsureLabels(
        predictions.ids[row],
        None if predictions.label_sets is None else predictions.true_labels(row),
        tuple((predictions.classes[at], float(p[at])) for at in nearest),
        *as_shown(picture_of(predictions.ids[row])),
    )
