"""Teaching a finished bundle to tell pictures of something else from those of its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.seen import short_digests
from linnaeus.bundle.unknown import UNKNOWN_RATE
from linnaeus.data.pixels import ChosenRows, one_by_one
from linnaeus.evaluation.unknowns import UnknownTold, unknown_told
from linnaeus.progress import Progress
from linnaeus.randomness import generator, number
from linnaeus.training.parted import Parted
from linnaeus.training.serving import Served
from linnaeus.unknowns.fit import GIVEN, FittedUnknown, KnownPictures, fit_unknown
from linnaeus.unknowns.given import (
    Strangers,
    check_given,
    given_pictures,
    in_halves,
    strangers_among,
)
from linnaeus.unknowns.outliers import outliers_from

__all__ = [
    "TaughtUnknown",
    "held_out_places",
    "judged_unknown",
    "learnt_from",
    "strangers_of",
    "taught_unknown",
]

MOST_LEARNT = 2000
"""Training pictures to learn from where known ones lie, twice as many as are kept of them."""

MOST_HELD_OUT = 5000
"""Validation pictures to say how strange known ones are: 5 % is then within 0.6 points."""

COMPARED = 4
"""Pictures that are answered though features of theirs are at hand: were these computed in another
way, in bfloat16 say, not all of so many would agree to the last bit."""

FEWEST_HELD_OUT = round(1 / UNKNOWN_RATE) - 1
"""Of fewer than 19, none is among the strangest 5 %."""

Rows = NDArray[np.int64]
Features = Mapping[int, NDArray[np.float32]]
NONE = np.zeros(0, np.float32)


@dataclass(frozen=True)
class TaughtUnknown:
    """What tells unknown pictures, how it was chosen, and what is left to judge it on.

    `seed`: of the outliers to judge it on. `given`: the half of the user's unknown pictures that it
    was not chosen on.
    """

    fitted: FittedUnknown
    seed: int
    given: tuple[Path, ...]


def learnt_from(train: Rows, seed: int) -> Rows:
    """The training pictures to learn from, as rows of the data set, of all its rows `train`."""
    return _some(train, MOST_LEARNT, seed, "known pictures to learn from")


def held_out_places(count: int, seed: int) -> Rows:
    """The places among `count` validation pictures of those that are known ones held out."""
    return _some(np.arange(count), MOST_HELD_OUT, seed, "known pictures held out")


def strangers_of(parted: Parted, unknown: str | None) -> Strangers:
    """The pictures in the folder `unknown`, if any, but those of the data set.

    Raises DataError where most are of it.
    """
    if unknown is None:
        return Strangers()
    known = short_digests(filter(None, parted.scan.pixel_digests))
    files = check_given(Path(unknown))
    which = "among the pictures of the data that are learnt from and judged on"
    return strangers_among(files, known, which, parted.preprocessing)


def taught_unknown(
    parted: Parted,
    classifier: Classifier,
    served: Served,
    features: Features,
    progress: Progress,
    *,
    seed: int,
    strangers: Sequence[Path] = (),
) -> TaughtUnknown | None:
    """What tells `classifier` unknown pictures, learnt from training and validation pictures.

    What `served` holds of its answers to the latter is not computed again, nor are `features` of
    the former, by row, if they are to the last bit what it answers. `strangers`: the user's unknown
    pictures, as `strangers_of` finds them.

    None, and told, where there are too few of these, or where a picture may have several labels.
    """
    if why := _why_not(parted, classifier):
        progress.say(f"Nothing will be called unknown: {why}.")
        return None
    labels = parted.dataset.labels
    learnt = learnt_from(parted.train, seed)
    places = held_out_places(len(parted.validation), seed)
    held_out = parted.validation[places]
    to_choose, to_judge = in_halves(strangers, seed)
    outliers = outliers_from(ChosenRows(parted.pixels, held_out), labels[held_out], seed)
    if strangers:
        outliers[GIVEN] = given_pictures(to_choose, parted.preprocessing, progress)
    with progress.stage("Learning what is unknown"), threadpool_limits(1):
        of_learnt = _answers_at_hand(parted, classifier, learnt, features)
        of_held_out = {
            place: Answer(NONE, served.logits[at], served.features[at])
            for place, at in enumerate(places.tolist())
            if at in served.features
        }
        fitted = fit_unknown(
            classifier.predict_pixels,
            KnownPictures(one_by_one(parted.pixels, learnt), labels[learnt], of_learnt),
            KnownPictures(one_by_one(parted.pixels, held_out), labels[held_out], of_held_out),
            places,
            outliers,
            classes=len(classifier.classes),
            seed=seed,
        )
    on = "made from validation pictures" + (" and on half of yours" if strangers else "")
    progress.say(fitted.sentence(on))
    return TaughtUnknown(fitted, number(seed, "outliers to judge on"), tuple(to_judge))


def judged_unknown(
    parted: Parted,
    classifier: Classifier,
    taught: TaughtUnknown,
    predictions: Predictions,
    progress: Progress,
) -> UnknownTold | None:
    """How `classifier` tells test pictures, whose answers are `predictions`, from new outliers."""
    read = predictions.read
    rows = parted.test[read]
    if not len(rows):
        return None
    pixels = ChosenRows(parted.pixels, rows)
    outliers = outliers_from(pixels, parted.dataset.labels[rows], taught.seed)
    if taught.given:
        outliers[GIVEN] = given_pictures(taught.given, parted.preprocessing, progress)
    with progress.stage("Trying what is unknown"):
        return unknown_told(
            classifier,
            predictions,
            outliers,
            groups=parted.groups_at(parted.test),
            held_out_groups=parted.groups_at(parted.validation),
            tried=taught.fitted.tried,
        )


def _answers_at_hand(
    parted: Parted, classifier: Classifier, rows: Rows, features: Features
) -> dict[int, Answer]:
    """By place among `rows`, answers of which there are only `features`; none where they differ."""
    answers = {
        place: Answer(NONE, NONE, features[row])
        for place, row in enumerate(rows.tolist())
        if row in features
    }
    places = list(answers)[:COMPARED]
    again = classifier.predict_pixels(parted.pixels.take(rows[places])) if places else []
    pairs = zip(places, again, strict=True)
    same = all(np.array_equal(answers[place].features, one.features) for place, one in pairs)
    return answers if same else {}


def _why_not(parted: Parted, classifier: Classifier) -> str:
    """Why nothing can tell unknown pictures here, as a clause; empty where something can."""
    if classifier.record.task == "multi":
        return "a picture that may have several labels may have none of them"
    count = len(parted.validation)
    if count < FEWEST_HELD_OUT:
        return f"that takes {FEWEST_HELD_OUT} validation pictures or more, and there are {count:,}"
    return ""


def _some(rows: Rows, most: int, seed: int, purpose: str) -> Rows:
    """At most so many of `rows`, in an order drawn from the seed."""
    drawn: Rows = generator(seed, purpose).permutation(rows)[:most]
    return drawn
