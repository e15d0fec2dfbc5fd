"""Teaching an ensemble to tell pictures of something else, by what all its members see together.

Its answers to known pictures are those to their files, as they will be in use: each member prepares
a picture in its own way. Where each member held out a fold of its own, no picture is new to all of
them, and how strange a new one of the classes looks cannot be learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import ChosenRows, DecodedRows, one_by_one
from linnaeus.ensembling.roles import Roles
from linnaeus.evaluation.unknowns import UnknownTold, unknown_told
from linnaeus.progress import Progress
from linnaeus.training.telling_unknown import FEWEST_HELD_OUT, held_out_places, learnt_from
from linnaeus.unknowns.fit import FittedUnknown, KnownPictures, fit_unknown
from linnaeus.unknowns.outliers import outliers_from

__all__ = ["judged_unknown", "taught_unknown"]

SEED = 0
JUDGING_SEED = 1
"""Of the outliers that it is judged on; they are others than those that it was chosen on."""

Rows = NDArray[np.int64]


def taught_unknown(
    classifier: Classifier, dataset: Dataset, roles: Roles, held_out: Rows, progress: Progress
) -> FittedUnknown | None:
    """What tells `classifier` unknown pictures of those that it learned from and has `held_out`.

    `held_out`: rows of the data set, in the order of those that its promises rest on. None, and
    told, where there is nothing to learn it from.
    """
    if why := _why_not(roles, held_out):
        progress.say(f"Nothing will be called unknown: {why}.")
        return None
    learnt = learnt_from(roles.learnt[dataset.labels[roles.learnt] >= 0], SEED)
    places = held_out_places(len(held_out), SEED)
    asked = _Asked(classifier, dataset, progress)
    pixels = DecodedRows(dataset, classifier.record.preprocessing)
    with threadpool_limits(1):
        fitted = fit_unknown(
            classifier.predict_pixels,
            asked.known(learnt, "Learning what is known"),
            asked.known(held_out[places], "Learning what is unknown"),
            places,
            outliers_from(ChosenRows(pixels, held_out), dataset.labels[held_out], SEED),
            classes=len(classifier.classes),
            seed=SEED,
        )
    progress.say(fitted.sentence("made from held-out pictures", of=" of what all members see"))
    return fitted


def judged_unknown(
    classifier: Classifier,
    dataset: Dataset,
    rows: Rows,
    fitted: FittedUnknown | None,
    predictions: Predictions,
    groups: NDArray[np.str_] | None,
    held_out_groups: NDArray[np.str_] | None,
    progress: Progress,
) -> UnknownTold | None:
    """How it tells the pictures at `rows`, whose answers are `predictions`, from new outliers.

    `groups`: of these, `held_out_groups`: of those that its promises rest on.
    """
    if fitted is None:
        return None
    pixels = ChosenRows(DecodedRows(dataset, classifier.record.preprocessing), rows)
    outliers = outliers_from(pixels, dataset.labels[rows], JUDGING_SEED)
    with progress.stage("Trying what is unknown"):
        return unknown_told(
            classifier,
            predictions,
            outliers,
            groups=groups,
            held_out_groups=held_out_groups,
            tried=fitted.tried,
        )


def _why_not(roles: Roles, held_out: Rows) -> str:
    """Why nothing can tell unknown pictures here, as a clause; empty where something can."""
    if roles.keeper is not None:
        return "every picture taught some member, so that none shows how new ones look to all"
    if len(held_out) < FEWEST_HELD_OUT:
        return (
            f"that takes {FEWEST_HELD_OUT} pictures that all members held out, and there are"
            f" {len(held_out):,}"
        )
    return ""


@dataclass(frozen=True)
class _Asked:
    """Whose answers to which pictures are wanted."""

    classifier: Classifier
    dataset: Dataset
    progress: Progress

    def known(self, rows: Rows, stage_name: str) -> KnownPictures:
        """The pictures at `rows` as the network sees them, with the answers to their files."""
        pixels = DecodedRows(self.dataset, self.classifier.record.preprocessing)
        answers = self._answers(rows, stage_name)
        return KnownPictures(one_by_one(pixels, rows), self.dataset.labels[rows], answers)

    def _answers(self, rows: Rows, stage_name: str) -> dict[int, Answer]:
        pictures = (
            (place, partial(self.dataset.source.read, self.dataset.paths[row]))
            for place, row in enumerate(rows.tolist())
        )
        answers = {}
        with self.progress.stage(stage_name, len(rows)) as stage:
            for place, answer in self.classifier.stream(pictures, total=len(rows)):
                answers[place] = answer
                stage.advance()
        return answers
