"""What each member answers to the pictures that weigh it, or that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import pictures
from linnaeus.data.dataset import Dataset
from linnaeus.ensembling.candidates import Candidate
from linnaeus.evaluation.answers_for import answers_for
from linnaeus.progress import Progress

__all__ = ["Answers", "answers_of"]


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of all members to the same n pictures, which all of them could read.

    `rows`: (n,) of the data set. `labels`: (n,) int64. `probabilities`: (members, n, classes)
    float64, calibrated.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def answers_of(
    candidates: Sequence[Candidate], dataset: Dataset, rows: NDArray[np.int64], progress: Progress
) -> Answers:
    """The answers of `candidates` to the pictures at `rows` of `dataset`.

    Pictures that one of them cannot read are told of and left out for all.
    """
    labels = dataset.labels[rows]
    given = [
        answers_for(one.classifier, dataset, rows, labels, progress, f"Asking {one.name}")[0]
        for one in candidates
    ]
    probabilities = np.array([answers.probabilities for answers in given], np.float64)
    read = ~np.isnan(probabilities).any(axis=(0, 2))
    if not read.all():
        unread = pictures(int((~read).sum()))
        progress.warn(f"{unread} cannot be read by all members; left out.")
    return Answers(rows[read], labels[read], probabilities[:, read])
