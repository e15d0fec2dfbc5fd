"""The labelled pictures that may judge a bundle, read at the size that its network sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.data.dataset import Dataset
from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.evaluate import pictures_to_judge
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["JudgedPictures", "pictures_of"]


@dataclass(frozen=True)
class JudgedPictures:
    """`pixels` (n, h, w, 3) uint8 with their `labels` (n,) int64 in the bundle's order, `groups`
    (n,) or None, and `names`. `available`: how many there were to draw from. `remarks` say what was
    left out.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    groups: NDArray[np.str_] | None
    names: tuple[str, ...]
    available: int
    remarks: tuple[str, ...]

    def only(self, rows: NDArray[np.int64]) -> JudgedPictures:
        """The same of the pictures at `rows`."""
        return replace(
            self,
            pixels=self.pixels[rows],
            labels=self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
            names=tuple(self.names[row] for row in rows.tolist()),
        )


def pictures_of(
    folder: Path,
    classifier: Classifier,
    dataset: Dataset,
    limit: int,
    seed: int,
    progress: Progress,
) -> JudgedPictures:
    """At most `limit` pictures of `dataset`, drawn by the seed, that the bundle has not seen.

    Raises UsageError for a limit below 1, DataError where no labelled picture can be read or a
    picture may have several labels, and as `evaluate` does.
    """
    if limit < 1:
        raise UsageError("no picture is left", where="--limit", mend="Give 1 or more.")
    if classifier.record.task == "multi":
        raise DataError(
            "a bundle that gives several labels cannot be tried so yet",
            where=str(folder),
            mend="Give one that gives each picture one label.",
        )
    given = pictures_to_judge(folder, classifier, dataset, progress)
    places = np.flatnonzero(given.labels >= 0)
    order = generator(seed, "pictures to judge by").permutation(len(places))
    chosen = np.sort(places[order[:limit]])
    pixels, kept, unread = [], [], []
    with progress.stage("Reading the pictures", len(chosen)) as stage:
        for place in chosen.tolist():
            stage.advance()
            name = dataset.paths[int(given.rows[place])]
            picture = given.read(name)
            if picture is None:
                unread.append(name)
            else:
                pixels.append(picture)
                kept.append(place)
    if not kept:
        raise DataError(
            "not one labelled picture can be read", where=dataset.name, mend="Give others."
        )
    remarks = list(given.remarks)
    if len(places) > limit:
        remarks.append(f"{limit:,} of {len(places):,} pictures were drawn; --limit takes more.")
    if unread:
        remarks.append(f"{len(unread):,} could not be read: {', '.join(unread[:5])}.")
    rows = given.rows[kept]
    return JudgedPictures(
        pixels=np.stack(pixels),
        labels=given.labels[kept],
        groups=None if dataset.groups is None else dataset.groups[rows],
        names=tuple(dataset.paths[int(row)] for row in rows),
        available=len(places),
        remarks=tuple(remarks),
    )
