"""The labelled pictures that may judge a bundle, read at the size that its network sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.counted import pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.limit import check_limit
from linnaeus.errors import DataError, UnreadableImage
from linnaeus.evaluation.to_judge import ToJudge, pictures_to_judge
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["JudgedPictures", "pictures_of"]


@dataclass(frozen=True)
class JudgedPictures:
    """`pixels` (n, h, w, 3) uint8 with their `labels` (n,) int64 in the bundle's order, `groups`
    (n,) or None, and `names`. `available`: how many there were to draw from. `remarks` say what was
    left out. `unread`: {picture: why it could not be read}, of those that were drawn.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    groups: NDArray[np.str_] | None
    names: tuple[str, ...]
    available: int
    remarks: tuple[str, ...]
    unread: Mapping[str, str]

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
    bundles: Sequence[tuple[Path, Classifier]],
    dataset: Dataset,
    limit: int,
    seed: int,
    progress: Progress,
) -> tuple[JudgedPictures, ...]:
    """At most `limit` pictures of `dataset`, drawn by the seed, that none of `bundles` has seen:
    the same for each, at its own size and in its own order of classes.

    Raises UsageError for a limit below 1, DataError where no labelled picture can be read or a
    picture may have several labels, and as `evaluate` does.
    """
    check_limit(limit)
    for folder, classifier in bundles:
        if classifier.record.task == "multi":
            raise DataError(
                "a bundle that gives several labels cannot be tried so yet",
                where=str(folder),
                mend="Give one that gives each picture one label.",
            )
    given = pictures_to_judge(bundles, dataset, progress)
    places = np.flatnonzero(given[0].labels >= 0)
    order = generator(seed, "pictures to judge by").permutation(len(places))
    chosen = np.sort(places[order[:limit]])
    pixels, kept, unread = _read(given, chosen, dataset, progress)
    remarks = list(given[0].remarks)
    if len(places) > limit:
        remarks.append(f"{limit:,} of {pictures(len(places))}, drawn; --limit takes more.")
    if unread:
        remarks.append(f"{len(unread):,} of {pictures(len(chosen))} could not be read.")
    rows = given[0].rows[kept]
    return tuple(
        JudgedPictures(
            pixels=np.stack(of_one),
            labels=one.labels[kept],
            groups=None if one.groups is None else one.groups[kept],
            names=tuple(dataset.paths[int(row)] for row in rows),
            available=len(places),
            remarks=tuple(remarks),
            unread=unread,
        )
        for one, of_one in zip(given, pixels, strict=True)
    )


def _read(
    given: Sequence[ToJudge], places: NDArray[np.int64], dataset: Dataset, progress: Progress
) -> tuple[list[list[NDArray[np.uint8]]], list[int], dict[str, str]]:
    """The pictures at `places` that can be read, once for each of `given`; which these are, and why
    the others cannot.
    """
    pixels: list[list[NDArray[np.uint8]]] = [[] for _ in given]
    kept: list[int] = []
    unread: dict[str, str] = {}
    with progress.stage("Reading the pictures", len(places)) as stage:
        for place in places.tolist():
            stage.advance()
            name = dataset.paths[int(given[0].rows[place])]
            try:
                content = dataset.source.read(name)
                read = [one.preprocessing.read(content, name=name)[0] for one in given]
            except UnreadableImage as error:
                unread[name] = error.what
                continue
            kept.append(place)
            for of_one, picture in zip(pixels, read, strict=True):
                of_one.append(picture)
    if not kept:
        raise DataError(
            "not one labelled picture can be read", where=dataset.name, mend="Give others."
        )
    return pixels, kept, unread
