"""Teaching a finished bundle to tell pictures of something else from those of its classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.unknown import UNKNOWN_RATE
from linnaeus.data.pixels import ChosenRows, PixelRows, chunks
from linnaeus.progress import Progress
from linnaeus.randomness import generator
from linnaeus.training.material import Material
from linnaeus.unknowns.fit import FittedUnknown, KnownPictures, fit_unknown
from linnaeus.unknowns.outliers import outliers_from

__all__ = ["taught_unknown"]

MOST_LEARNT = 2000
"""Training pictures to learn from where known ones lie: the areas stay the same with more."""

MOST_HELD_OUT = 5000
"""Validation pictures to say how strange known ones are: 5 % is then within 0.6 points."""

FEWEST_HELD_OUT = round(1 / UNKNOWN_RATE) - 1
"""Of fewer than 19, none is among the strangest 5 %."""

READ_AHEAD = 32

Rows = NDArray[np.int64]
Pixels = NDArray[np.uint8]


def taught_unknown(
    material: Material, classifier: Classifier, seed: int, progress: Progress
) -> FittedUnknown | None:
    """What tells `classifier` unknown pictures, learnt from training and validation pictures.

    None, and told, where there are too few of these, or where a picture may have several labels.
    """
    if classifier.record.task == "multi":
        progress.say(
            "Nothing will be called unknown: a picture with several labels may have none of them."
        )
        return None
    if len(material.validation) < FEWEST_HELD_OUT:
        progress.say(
            f"Nothing will be called unknown: that takes {FEWEST_HELD_OUT} validation pictures or"
            f" more, and there are {len(material.validation):,}."
        )
        return None
    learnt = _some(material.train, MOST_LEARNT, seed, "known pictures to learn from")
    places = _some(
        np.arange(len(material.validation)), MOST_HELD_OUT, seed, "known pictures held out"
    )
    held_out = material.validation[places]
    labels = material.dataset.labels
    with progress.stage("Learning what is unknown", None), threadpool_limits(1):
        return fit_unknown(
            lambda pixels: classifier.predict_pixels([pixels])[0],
            KnownPictures(_pictures(material.pixels, learnt), labels[learnt]),
            KnownPictures(_pictures(material.pixels, held_out), labels[held_out]),
            places,
            outliers_from(ChosenRows(material.pixels, held_out), labels[held_out], seed),
            classes=len(classifier.classes),
            seed=seed,
        )


def _some(rows: Rows, most: int, seed: int, purpose: str) -> Rows:
    """At most so many of `rows`, in an order drawn from the seed."""
    drawn: Rows = generator(seed, purpose).permutation(rows)[:most]
    return drawn


def _pictures(pixels: PixelRows, rows: Rows) -> Iterator[Pixels]:
    for some in chunks(pixels, rows, READ_AHEAD):
        yield from some
