"""Predictions: what a classifier answered, as plain arrays that know nothing of networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE_OF_THEM", "SEPARATOR", "UNKNOWN_LABEL", "Prediction", "Predictions"]

UNKNOWN_LABEL = -1
SEPARATOR = "|"
NONE_OF_THEM = "none of the classes"


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: its likeliest class and that class's probability in [0, 1].

    Where a picture may have several labels, `labels` are those given and `probabilities` theirs;
    `label` joins them with "|" and is empty where there is none. `confidence` is then the least of
    `probabilities`, or where there is none, how improbable the likeliest class is.

    `error` is empty, or the reason why the picture could not be read; then `label` is empty too.
    """

    id: str
    label: str
    confidence: float
    error: str = ""
    labels: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Predictions:
    """The answers for n pictures.

    `probabilities`: (n, classes) float32, each row sums to 1, or is NaN for a picture that could
    not be read, whose reason then stands in `errors` under its id.
    `labels`: (n,) int64 positions in `classes`, -1 where the truth is not known.
    `thresholds`: (classes,) where a picture may have several labels or none: each class whose
    probability reaches its threshold is given. Rows do not sum to 1 then, `labels` are all -1, and
    `label_sets` (n, classes) bool is the truth, or None where that is not known.
    `notes`: what was done to a picture beyond plain decoding ("first of 12 frames"), by id.
    """

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    errors: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    thresholds: NDArray[np.float32] | None = None
    label_sets: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Prediction]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Prediction:
        name = self.ids[index]
        if name in self.errors:
            return Prediction(name, "", float("nan"), self.errors[name])
        row = self.probabilities[index]
        if self.thresholds is not None:
            return self._several(name, row, self.given[index])
        best = int(row.argmax())
        sure = float(row[best])
        return Prediction(name, self.classes[best], sure, "", (self.classes[best],), (sure,))

    @property
    def decisions(self) -> NDArray[np.int64]:
        """(n,) int64: the position of the likeliest class, -1 for a picture that was not read."""
        unread = np.isnan(self.probabilities).any(axis=1)
        return np.where(unread, UNKNOWN_LABEL, np.nan_to_num(self.probabilities).argmax(axis=1))

    @cached_property
    def given(self) -> NDArray[np.bool_]:
        """(n, classes) bool: which labels each picture is given; none where it was not read."""
        if self.thresholds is not None:
            reached: NDArray[np.bool_] = self.probabilities >= self.thresholds  # NaN never does
            return reached
        answers = self.decisions
        likeliest: NDArray[np.bool_] = answers[:, None] == np.arange(len(self.classes))
        return likeliest

    def true_labels(self, index: int) -> tuple[str, ...]:
        """The true labels of a picture, as far as they are known."""
        if self.label_sets is not None:
            return tuple(self.classes[at] for at in np.flatnonzero(self.label_sets[index]))
        label = int(self.labels[index])
        return (self.classes[label],) if label != UNKNOWN_LABEL else ()

    def true_counts(self) -> NDArray[np.int64]:
        """(classes,) pictures that truly are of each class, as far as that is known."""
        if self.label_sets is not None:
            return np.asarray(self.label_sets.sum(axis=0), np.int64)
        named = self.labels[self.labels != UNKNOWN_LABEL]
        return np.bincount(named, minlength=len(self.classes)).astype(np.int64)

    def _several(self, name: str, row: NDArray[np.float32], given: NDArray[np.bool_]) -> Prediction:
        labels = tuple(self.classes[at] for at in np.flatnonzero(given))
        sure = float(row[given].min()) if labels else 1.0 - float(row.max())
        chances = tuple(float(chance) for chance in row[given])
        return Prediction(name, SEPARATOR.join(labels), sure, "", labels, chances)
