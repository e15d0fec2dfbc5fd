"""The original as it stands before anything is made of it: its answers, and what it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.record import BundleRecord
from linnaeus.compression.original import Original
from linnaeus.compression.packed import packed_bytes
from linnaeus.data.pixels import one_by_one
from linnaeus.evaluation.answers_for import answers_for
from linnaeus.files import bytes_in
from linnaeus.progress import Progress
from linnaeus.training.parted import Parted

__all__ = ["Before", "before", "or_none", "right_on_validation"]


@dataclass(frozen=True, eq=False)
class Before:
    """The original as it answers the test pictures, and what it weighs.

    `size_bytes`: of all files of its bundle; `packed_bytes`: what they take when packed.
    `on_validation`: the share of held-out pictures that it has right.
    """

    predictions: Predictions
    size_bytes: int
    packed_bytes: int
    graph_bytes: int
    on_validation: float

    def to_json(self) -> dict[str, Any]:
        """As compression.json has it."""
        return {
            "size_bytes": self.size_bytes,
            "packed_bytes": self.packed_bytes,
            "graph_bytes": self.graph_bytes,
            "validation": or_none(self.on_validation),
        }


def before(original: Original, progress: Progress) -> Before:
    """The original's answers and size, from its own files."""
    parted = original.parted
    predictions, _ = answers_for(
        original.classifier.knowing(None),
        parted.dataset,
        parted.test,
        parted.dataset.truth[parted.test],
        progress,
        "Judging the original",
    )
    held_out = original.classifier.predict_pixels(one_by_one(parted.pixels, parted.validation))
    logits = np.array([answer.logits for answer in held_out], np.float32)
    return Before(
        predictions,
        bytes_in(original.folder),
        packed_bytes(original.folder),
        len(original.graph),
        right_on_validation(original.record, parted, logits),
    )


def right_on_validation(record: BundleRecord, parted: Parted, logits: NDArray[np.float32]) -> float:
    """The share of held-out pictures that `logits` (n, classes) of them have right; NaN of none."""
    if not len(logits):
        return float("nan")
    truth = parted.dataset.truth[parted.validation]
    probabilities, cuts = record.probabilities(logits), record.cuts()
    if cuts is None:
        return float((probabilities.argmax(axis=1) == truth).mean())
    return float(((probabilities >= cuts) == truth).all(axis=1).mean())


def or_none(share: float) -> float | None:
    """A share as JSON has it, which knows no NaN."""
    return None if np.isnan(share) else share
