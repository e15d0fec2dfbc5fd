"""Which pictures of a data set may judge bundles: none that one of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.seen import read_seen, was_seen
from linnaeus.counted import are, pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan, scan
from linnaeus.errors import DataError
from linnaeus.evaluation.opened import Opened, matched
from linnaeus.evaluation.traits import Trait, traits_of
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress

__all__ = ["ToJudge", "pictures_to_judge", "rows_to_judge"]


@dataclass(frozen=True)
class ToJudge:
    """The pictures of a data set that may judge a bundle: their `rows`, `labels` (-1: unknown) in
    the bundle's order, and what was decided. `preprocessing` brings one to the network's size.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    remarks: tuple[str, ...]
    preprocessing: Preprocessing


def pictures_to_judge(
    bundles: Sequence[tuple[Path, Classifier]], dataset: Dataset, progress: Progress
) -> tuple[ToJudge, ...]:
    """For each of `bundles`, by its folder: the same pictures, those that `evaluate` would judge
    all of them on. Raises as it does.
    """
    opened = [matched(classifier, folder, dataset) for folder, classifier in bundles]
    rows, *_, remarks = rows_to_judge(opened, dataset, progress)
    return tuple(
        ToJudge(
            rows,
            one.labels[rows].astype(np.int64),
            remarks,
            one.classifier.record.preprocessing,
        )
        for one in opened
    )


def rows_to_judge(
    bundles: Sequence[Opened], dataset: Dataset, progress: Progress
) -> tuple[NDArray[np.int64], tuple[Trait, ...], tuple[str, ...], tuple[str, ...]]:
    """The rows to judge, what is known of their pictures, and what was decided, as sentences.

    Before these the digests of the pixels of all that were offered, as the first bundle decodes
    them; empty where that could not be.

    Raises DataError where the bundles have seen all of them.
    """
    rows, remarks = _offered(dataset)
    # Digests kept are those of the pixels as a bundle decodes them, so it must be asked how.
    ways = [one.classifier.record.preprocessing for one in bundles]
    looks = {
        how: scan(dataset, rows, preprocessing=how, progress=progress, room=None)
        for how in dict.fromkeys(ways)
    }
    seen = [_seen(one, looks[how]) for one, how in zip(bundles, ways, strict=True)]
    remarks += _told_as_seen(bundles, seen)
    unseen = np.flatnonzero(~np.logical_or.reduce(seen))
    if not len(unseen):
        raise DataError(
            "the bundle was trained on every one of these pictures, so they cannot judge it",
            where=dataset.name,
            mend="Give pictures that it has not seen.",
        )
    traits = traits_of(dataset, rows[unseen], looks[ways[0]], unseen)
    return rows[unseen], traits, looks[ways[0]].pixel_digests, tuple(remarks)


def _offered(dataset: Dataset) -> tuple[NDArray[np.int64], list[str]]:
    """The rows of the data's own test split, where there is one, or all; and what to say of it."""
    rows = np.flatnonzero(dataset.splits == "test")
    if len(rows):
        return rows, [f"Judged on the {pictures(len(rows))} of the data's own test split."]
    return np.arange(len(dataset)), []


def _told_as_seen(bundles: Sequence[Opened], seen: Sequence[NDArray[np.bool_]]) -> list[str]:
    remarks = []
    for one, old in zip(bundles, seen, strict=True):
        if old.any():
            count = int(old.sum())
            name = f"“{one.name}”" if len(bundles) > 1 else "the bundle"
            remarks.append(
                f"{count:,} of {pictures(len(old))} {are(count)} left out, because {name} was"
                " trained or calibrated on their very pixels."
            )
    return remarks


def _seen(bundle: Opened, looked: Scan) -> NDArray[np.bool_]:
    """(n,) which of the pictures `looked` at, decoded as it does, the bundle has seen before."""
    return was_seen(read_seen(bundle.folder), looked.pixel_digests) & looked.readable
