"""The most confident mistakes as pictures, small enough to stand inside a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.evaluation.picture_uri import PictureOf, as_shown

__all__ = ["Mistake", "confident_mistakes"]

SHOWN = 12


@dataclass(frozen=True)
class Mistake:
    """One wrong answer; `picture` is a data URI, empty where the picture is not at hand."""

    id: str
    true: str
    said: str
    confidence: float
    picture: str
    tiny: bool


def confident_mistakes(predictions: Predictions, picture_of: PictureOf) -> tuple[Mistake, ...]:
    """The up to 12 wrong answers of highest confidence, most confident first."""
    answers = predictions.decisions
    wrong = (answers != predictions.labels) & (predictions.labels != UNKNOWN_LABEL) & (answers >= 0)
    confidence = np.where(wrong, np.nan_to_num(predictions.probabilities).max(axis=1), -1.0)
    order = np.argsort(-confidence, kind="stable")[: min(SHOWN, int(wrong.sum()))]
    return tuple(
        _mistake(predictions, int(at), int(answers[at]), float(confidence[at]), picture_of)
        for at in order
    )


def _mistake(
    predictions: Predictions,
    at: int,
    answer: int,
    confidence: float,
    picture_of: PictureOf,
) -> Mistake:
    return Mistake(
        predictions.ids[at],
        predictions.classes[int(predictions.labels[at])],
        predictions.classes[answer],
        confidence,
        *as_shown(picture_of(predictions.ids[at])),
    )
