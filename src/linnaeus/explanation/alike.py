"""The labelled pictures that are most like each one that is explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linnaeus.data.dataset import Dataset
from linnaeus.errors import DataError
from linnaeus.explanation.methods import Explainer
from linnaeus.progress import Progress
from linnaeus.searching.embedding import answers_of, label_of
from linnaeus.searching.similarity import Neighbour, nearest

if TYPE_CHECKING:
    from linnaeus.bundle.answer import Answer

__all__ = ["alike_beside"]

ALIKE = 5  # shown beside each


def alike_beside(
    explainer: Explainer, answers: list[Answer], known: Dataset | None, told: Progress
) -> list[tuple[Neighbour, ...]]:
    """Of each of the `answers`, the pictures of `known` whose features are nearest, nearest first;
    none where nothing is known.

    Raises DataError where not one picture of `known` can be read.
    """
    if known is None:
        return [()] * len(answers)
    read, features = [], []
    with told.stage("Looking for pictures that are alike", len(known)) as stage:
        for row, answer in answers_of(explainer.classifier, known, range(len(known))):
            stage.advance()
            if answer.error:
                told.warn(f"Not looked at: {known.paths[row]}: {answer.error}.")
            else:
                read.append(row)
                features.append(answer.features)
    if not read:
        raise DataError(
            "not one of these pictures can be read", where=known.name, mend="Give others."
        )
    asked = np.stack([answer.features for answer in answers])
    found = nearest(asked, np.stack(features), ALIKE)
    return [
        tuple(
            Neighbour(known.paths[read[at]], label_of(known, read[at]), similarity)
            for at, similarity in zip(places, similarities, strict=True)
        )
        for places, similarities in zip(
            found.places.tolist(), found.similarities.tolist(), strict=True
        )
    ]
