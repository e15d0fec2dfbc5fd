"""Predictions: what a classifier answered, as plain arrays that know nothing of networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNKNOWN_LABEL", "Prediction", "Predictions"]

UNKNOWN_LABEL = -1


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: its likeliest class and that class's probability in [0, 1].

    `error` is empty, or the reason why the picture could not be read; then `label` is empty too.
    """

    id: str
    label: str
    confidence: float
    error: str = ""


@dataclass(frozen=True)
class Predictions:
    """The answers for n pictures.

    `probabilities`: (n, classes) float32, each row sums to 1, or is NaN for a picture that could
    not be read, whose reason then stands in `errors` under its id.
    `labels`: (n,) int64 positions in `classes`, -1 where the truth is not known.
    `notes`: what was done to a picture beyond plain decoding ("first of 12 frames"), by id.
    """

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    errors: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Prediction]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Prediction:
        name = self.ids[index]
        if name in self.errors:
            return Prediction(name, "", float("nan"), self.errors[name])
        best = int(self.probabilities[index].argmax())
        return Prediction(name, self.classes[best], float(self.probabilities[index, best]))

    @property
    def decisions(self) -> NDArray[np.int64]:
        """(n,) int64: the position of the likeliest class, -1 for a picture that was not read."""
        unread = np.isnan(self.probabilities).any(axis=1)
        return np.where(unread, UNKNOWN_LABEL, np.nan_to_num(self.probabilities).argmax(axis=1))
