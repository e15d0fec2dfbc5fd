"""The answers of a classifier to pictures of a data set, to be judged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.gist import gist
from linnaeus.progress import Progress

__all__ = ["answers_for"]


def answers_for(
    classifier: Classifier,
    dataset: Dataset,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64] | NDArray[np.bool_],
    progress: Progress,
    stage_name: str = "Judging",
) -> tuple[Predictions, list[Answer]]:
    """The answers of `classifier` to the pictures at `rows` of `dataset`, read from their files.

    `labels` (k,) are the true positions in the classifier's classes, -1 where unknown, or (k,
    classes) bool the true labels where there may be several. A picture that cannot be read keeps
    its row, and its reason. Of their features the answers keep the gist.
    """
    ids = [dataset.paths[row] for row in rows]
    answers: list[Answer] = []
    with progress.stage(stage_name, len(ids)) as stage:
        pictures = ((name, partial(dataset.source.read, name)) for name in ids)
        for _, answer in classifier.stream(pictures, total=len(ids)):
            answers.append(replace(answer, features=gist(answer.features)))
            stage.advance()
    return classifier.gather(ids, answers, labels), answers
