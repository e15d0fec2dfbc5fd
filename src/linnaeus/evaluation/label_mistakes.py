"""The surest mistakes as pictures, where a picture may have several labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.picture_uri import PictureOf, as_shown

__all__ = ["LabelMistake", "sure_label_mistakes"]

SHOWN = 12


@dataclass(frozen=True)
class LabelMistake:
    """One picture with wrong labels; `picture` is a data URI, empty where it is not at hand.

    `missed` and `added`: the labels that it lacks and that are wrong, with their probabilities.
    """

    id: str
    true: tuple[str, ...]
    missed: tuple[tuple[str, float], ...]
    added: tuple[tuple[str, float], ...]
    picture: str
    tiny: bool


def sure_label_mistakes(
    predictions: Predictions, picture_of: PictureOf
) -> tuple[LabelMistake, ...]:
    """The up to 12 pictures with the wrong yes or no that was surest, that one first."""
    truth = predictions.label_sets
    if truth is None:
        return ()
    chances = predictions.probabilities
    wrong = (predictions.given != truth) & ~np.isnan(chances)
    sure = np.where(wrong, np.where(truth, 1 - chances, chances), -1.0).max(axis=1)
    order = np.argsort(-sure, kind="stable")[: min(SHOWN, int(wrong.any(axis=1).sum()))]
    return tuple(_mistake(predictions, int(at), picture_of) for at in order)


def _mistake(predictions: Predictions, at: int, picture_of: PictureOf) -> LabelMistake:
    assert predictions.label_sets is not None
    truth, given = predictions.label_sets[at], predictions.given[at]
    missed, added = (
        tuple(
            (predictions.classes[place], float(predictions.probabilities[at, place]))
            for place in np.flatnonzero(which)
        )
        for which in (truth & ~given, given & ~truth)
    )
    return LabelMistake(
        predictions.ids[at],
        predictions.true_labels(at),
        missed,
        added,
        *as_shown(picture_of(predictions.ids[at])),
    )
