"""Outcomes: what became of each judged picture, the ground on which parts of them are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.evaluation.label_metrics import label_log_losses
from linnaeus.evaluation.metrics import log_losses, smallest_probability

__all__ = ["Outcomes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """n pictures that were read and whose truth is known.

    `rows`: (n,) int64, where they stand among the predictions, and `ids` their names. `answers`:
    (n,) int64, the likeliest class. `right`: (n,) bool, whether the answer was right; of several
    labels, all of them. `losses`: (n,) float64, the log loss in nats, at most
    `most_loss`.
    `of_class`: (n, classes) bool, which classes each truly is; `found`: whether it was given them.
    `groups`: (n,) what belongs together, any values, or None.
    """

    rows: NDArray[np.int64]
    ids: tuple[str, ...]
    answers: NDArray[np.int64]
    right: NDArray[np.bool_]
    losses: Floats
    most_loss: float
    classes: tuple[str, ...]
    of_class: NDArray[np.bool_]
    found: NDArray[np.bool_]
    groups: NDArray[Any] | None = None

    @classmethod
    def of(cls, predictions: Predictions, groups: ArrayLike | None = None) -> Outcomes:
        """What became of `predictions`, whose groups (n,) may be given."""
        read = ~np.isnan(predictions.probabilities).any(axis=1)
        several = predictions.label_sets is not None
        rows = np.flatnonzero(read & (several | (predictions.labels != UNKNOWN_LABEL)))
        given = predictions.given[rows]
        probabilities = predictions.probabilities[rows].astype(np.float64)
        smallest = smallest_probability(predictions)
        if predictions.label_sets is not None:
            truth = predictions.label_sets[rows]
            losses = label_log_losses(truth, probabilities, smallest)
        else:
            labels = predictions.labels[rows]
            truth = labels[:, None] == np.arange(len(predictions.classes))
            losses = log_losses(labels, probabilities, smallest)
        return cls(
            rows,
            tuple(predictions.ids[row] for row in rows.tolist()),
            predictions.decisions[rows],
            (given == truth).all(axis=1),
            losses,
            -log(smallest),
            predictions.classes,
            truth,
            given & truth,
            None if groups is None else np.asarray(groups)[rows],
        )

    def at(self, chosen: NDArray[np.bool_]) -> Outcomes:
        """The outcomes of the `chosen` (n,) pictures."""
        return replace(
            self,
            rows=self.rows[chosen],
            ids=tuple(self.ids[at] for at in np.flatnonzero(chosen).tolist()),
            answers=self.answers[chosen],
            right=self.right[chosen],
            losses=self.losses[chosen],
            of_class=self.of_class[chosen],
            found=self.found[chosen],
            groups=None if self.groups is None else self.groups[chosen],
        )

    def __len__(self) -> int:
        return len(self.rows)
