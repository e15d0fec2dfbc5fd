"""Which pictures of a data set may judge bundles: none that one of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.seen import group_digests, read_seen, read_seen_groups, was_seen
from linnaeus.counted import are, counted, pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import quoted
from linnaeus.data.scan import Scan, scan
from linnaeus.data.together import copies_among, together
from linnaeus.errors import DataError
from linnaeus.evaluation.opened import Opened, matched
from linnaeus.evaluation.traits import Trait, traits_of
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress

__all__ = ["Chosen", "ToJudge", "pictures_to_judge", "rows_to_judge"]

LEARNT = "its very pixels served to train or calibrate a bundle that it would judge"


@dataclass(frozen=True, eq=False)
class Chosen:
    """The pictures of a data set that may judge bundles, their (m,) `rows`, and what is known of
    them.

    `groups`: (m,) which of them belong together, as copies do; None: each stands for itself.
    `looked`: the scan of all that were offered, as the first bundle decodes them. `left_out`:
    {path: why} of those that may not judge. `remarks`: what was decided, as sentences; `alarms`
    those among them that make the figures doubtful.
    """

    rows: NDArray[np.int64]
    traits: tuple[Trait, ...]
    groups: NDArray[np.str_] | None
    looked: Scan
    left_out: dict[str, str]
    remarks: tuple[str, ...]
    alarms: tuple[str, ...]

    @property
    def in_short(self) -> list[str]:
        """How many were offered and are judged, as a sentence; none where that is all of them."""
        old = len(self.looked) - len(self.rows)
        if not old:
            return []
        told = (
            f"{old:,} of {pictures(len(self.looked))} offered {are(old)} left out as learnt from,"
            f" which leaves {len(self.rows):,} to judge by."
        )
        return [told]


@dataclass(frozen=True)
class ToJudge:
    """The pictures of a data set that may judge a bundle: their `rows`, `labels` (-1: unknown) in
    the bundle's order, `groups` as `Chosen` has them, and what was decided. `preprocessing` brings
    one to the network's size.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: NDArray[np.str_] | None
    remarks: tuple[str, ...]
    preprocessing: Preprocessing


def pictures_to_judge(
    bundles: Sequence[tuple[Path, Classifier]], dataset: Dataset, progress: Progress
) -> tuple[ToJudge, ...]:
    """For each of `bundles`, by its folder: the same pictures, those that `evaluate` would judge
    all of them on. Raises as it does.
    """
    opened = [matched(classifier, folder, dataset) for folder, classifier in bundles]
    chosen = rows_to_judge(opened, dataset, progress)
    return tuple(
        ToJudge(
            chosen.rows,
            one.labels[chosen.rows].astype(np.int64),
            chosen.groups,
            chosen.remarks,
            one.classifier.record.preprocessing,
        )
        for one in opened
    )


def rows_to_judge(bundles: Sequence[Opened], dataset: Dataset, progress: Progress) -> Chosen:
    """The pictures that may judge all of `bundles`. Raises DataError where they have seen all."""
    offered, remarks = _offered(dataset)
    # Digests kept are those of the pixels as a bundle decodes them, so it must be asked how.
    ways = [one.classifier.record.preprocessing for one in bundles]
    looks = {
        how: scan(dataset, offered, preprocessing=how, progress=progress, room=None)
        for how in dict.fromkeys(ways)
    }
    looked = looks[ways[0]]
    seen = [_seen(one, looks[how]) for one, how in zip(bundles, ways, strict=True)]
    remarks += _told_as_seen(bundles, seen)
    old = np.logical_or.reduce(seen)
    unseen = np.flatnonzero(~old)
    if not len(unseen):
        raise DataError(
            "the bundle was trained on every one of these pictures, so they cannot judge it",
            where=dataset.name,
            mend="Give pictures that it has not seen.",
        )
    rows = offered[unseen]
    digests = [looked.pixel_digests[place] for place in unseen.tolist()]
    alarms = _told_as_known_groups(bundles, dataset, rows)
    return Chosen(
        rows,
        traits_of(dataset, rows, looked, unseen),
        together(dataset.groups_at(rows), digests),
        looked,
        {dataset.paths[row]: LEARNT for row in offered[old].tolist()},
        (*alarms, *remarks, *_told_as_copies(digests)),
        tuple(alarms),
    )


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
            remarks.append(
                f"{count:,} of {pictures(len(old))} {are(count)} left out, because"
                f" {_called(one, bundles)} was trained or calibrated on their very pixels."
            )
    return remarks


def _told_as_known_groups(
    bundles: Sequence[Opened], dataset: Dataset, rows: NDArray[np.int64]
) -> list[str]:
    """A warning for each bundle that has met groups of the pictures at `rows` in its training."""
    if dataset.groups is None:
        return []
    groups = dataset.groups[rows]
    names = np.unique(groups[groups != ""])
    told = []
    for one in bundles:
        known = names[was_seen(read_seen_groups(one.folder), group_digests(names.tolist()))]
        if len(known):
            count = int(np.isin(groups, known).sum())
            told.append(
                f"{count:,} of {pictures(len(rows))} {are(count)} of groups that"
                f" {_called(one, bundles)} was trained or calibrated on too"
                f" ({len(known):,} of {counted(len(names), 'group')}: {quoted(known.tolist())}), so"
                " the figures are likely too good. Judge on other groups, or if these only bear the"
                " same names, rename them."
            )
    return told


def _told_as_copies(digests: Sequence[str]) -> list[str]:
    count = copies_among(digests)
    if not count:
        return []
    copies = "is a copy of another" if count == 1 else "are copies of others"
    told = (
        f"Of {pictures(len(digests))} to judge by, {count:,} {copies}, pixel for pixel. For"
        " intervals and tests, a picture and its copies are one group."
    )
    return [told]


def _called(one: Opened, bundles: Sequence[Opened]) -> str:
    return f"“{one.name}”" if len(bundles) > 1 else "the bundle"


def _seen(bundle: Opened, looked: Scan) -> NDArray[np.bool_]:
    """(n,) which of the pictures `looked` at, decoded as it does, the bundle has seen before."""
    return was_seen(read_seen(bundle.folder), looked.pixel_digests) & looked.readable
