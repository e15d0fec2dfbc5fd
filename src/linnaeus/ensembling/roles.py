"""Which pictures may weigh the members of an ensemble, and which may judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.seen import was_seen
from linnaeus.counted import are, pictures
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan
from linnaeus.data.units import marks_of, units_of
from linnaeus.ensembling.candidates import ON_ONE_SPLIT, Candidate
from linnaeus.errors import BundleError, DataError

__all__ = ["Roles", "check_same_data", "roles_of"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Roles:
    """Rows of a data set, ascending.

    `learnt`: those that a member learned from. `held_out`: those that weigh and calibrate, each
    by the answers of members that did not learn from it. `test`: those that no member has seen in
    any way. `keeper`: where the members held out a fold each, (held-out rows,) the place of the one
    that did, and all the others learned from it; None where all held out the same. `remarks`:
    sentences.
    """

    learnt: Rows
    held_out: Rows
    test: Rows
    keeper: Rows | None = None
    remarks: tuple[str, ...] = ()

    @property
    def used(self) -> Rows:
        """Rows that may never judge the ensemble."""
        return np.union1d(self.learnt, self.held_out)


def check_same_data(candidates: Sequence[Candidate], dataset: Dataset) -> None:
    """Raise DataError where `dataset` is not the one that the candidates were trained on."""
    record = candidates[0].record
    if record.data.get("fingerprint") != dataset.fingerprint or record.classes != dataset.classes:
        raise DataError(
            "these are not, picture by picture and label by label, the data that the bundles were"
            " trained on",
            where=dataset.name,
            mend="Give those data as they were, with the options for columns that they were trained"
            " with.",
        )


def roles_of(
    candidates: Sequence[Candidate],
    dataset: Dataset,
    scan: Scan,
    *,
    test: Rows | None = None,
    near: Rows | None = None,
) -> Roles:
    """What each picture of `dataset` is to all the candidates; `scan` is of all of it.

    `test`: the rows that alone may judge, where one split is behind all candidates. Without it a
    published test judges. Without either, what no candidate has seen does, but for what shares a
    group with that or looks like it: a split may have left it out for just this. `near`: (m, 2)
    rows that look alike.

    Raises BundleError where they were trained neither on one split nor on folds, so that pictures
    which one of them held out taught another; DataError where none is left to judge on.
    """
    learnt = np.array([was_seen(one.files.learnt, scan.content_digests) for one in candidates])
    held = np.array([was_seen(one.files.held_out, scan.content_digests) for one in candidates])
    in_folds = bool((held != held[0]).any())
    if in_folds:
        _check_folds(candidates, learnt, held)
    known, labelled = np.any(learnt, axis=0), scan.readable & (dataset.labels >= 0)
    held_out = held.any(axis=0) & labelled
    used = known | held_out
    unseen = labelled & ~used & ~_copies_of(used, scan)
    remarks = [] if in_folds else _told(known, np.all(learnt, axis=0))
    if test is not None:
        unseen &= np.isin(np.arange(len(dataset)), test)
    elif (dataset.splits == "test").any():
        unseen &= dataset.splits == "test"
    else:
        tied = unseen & _tied_to(used, dataset, scan, near)
        unseen &= ~tied
        remarks += _told_as_tied(int(tied.sum()))
    if not unseen.any():
        raise DataError(
            "the members have seen every one of these pictures, or one that belongs with it, so"
            " none is left to judge them",
            where=dataset.name,
            mend="Give them with a column that names their test split (--split-column), or train"
            " them on a split whose test shares no group or likeness with the rest.",
        )
    return Roles(
        learnt=np.flatnonzero(known),
        held_out=np.flatnonzero(held_out),
        test=np.flatnonzero(unseen),
        keeper=held.argmax(axis=0)[held_out] if in_folds else None,
        remarks=tuple(remarks),
    )


def _check_folds(
    candidates: Sequence[Candidate], learnt: NDArray[np.bool_], held: NDArray[np.bool_]
) -> None:
    """Raise BundleError where a picture was held out by several candidates and not by all."""
    if (held.sum(axis=0) <= 1).all():
        return
    first, folder = candidates[0], candidates[0].folder
    for place, candidate in enumerate(candidates[1:], 1):
        crossed = [
            int((learnt[one] & held[other]).sum()) for one, other in ((place, 0), (0, place))
        ]
        if any(crossed):
            taught, keeper = (candidate, first) if crossed[0] else (first, candidate)
            raise BundleError(
                f"it learned from {max(crossed):,} of the pictures that {keeper.folder} held out,"
                " so that these cannot weigh it",
                where=str(taught.folder),
                mend=ON_ONE_SPLIT,
            )
        if (held[place] != held[0]).any():
            raise BundleError(
                f"it held out other pictures than {folder}, so that these cannot weigh both",
                where=str(candidate.folder),
                mend=ON_ONE_SPLIT,
            )


def _copies_of(rows: NDArray[np.bool_], scan: Scan) -> NDArray[np.bool_]:
    """(n,) whether a picture has the pixels of one at `rows`, in whatever file."""
    digests = np.array(scan.pixel_digests)
    copies: NDArray[np.bool_] = np.isin(digests, digests[rows])
    return copies


def _tied_to(
    rows: NDArray[np.bool_], dataset: Dataset, scan: Scan, near: Rows | None
) -> NDArray[np.bool_]:
    """(n,) whether a picture belongs with one at `rows`, as splits keep pictures together.

    Copies and groups do so through others, likeness alone between two that look alike.
    """
    usable = np.flatnonzero(scan.readable & (dataset.labels >= 0))
    place = np.full(len(dataset), -1, np.int64)
    place[usable] = np.arange(len(usable))
    pairs = place[np.empty((0, 2), np.int64) if near is None else near]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    digests = [scan.pixel_digests[row] for row in usable.tolist()]
    groups = None if dataset.groups is None else dataset.groups[usable]
    marks = marks_of(dataset.labels[usable], None)
    given = rows[usable]
    alone = units_of(len(usable), digests, groups).of
    tied_there = np.isin(alone, alone[given])
    together = units_of(len(usable), digests, groups, pairs, marks).of
    for one, other in (pairs.T, pairs.T[::-1]):
        alike = (together[one] == together[other]) & given[one]
        tied_there[other[alike]] = True
    tied = np.zeros(len(dataset), bool)
    tied[usable] = tied_there
    return tied


def _told(by_some: NDArray[np.bool_], by_all: NDArray[np.bool_]) -> list[str]:
    some = int((by_some & ~by_all).sum())
    if not some:
        return []
    return [f"{some:,} pictures taught only some of the members; none of them judges."]


def _told_as_tied(count: int) -> list[str]:
    if not count:
        return []
    told = f"{pictures(count)} that no member has seen {are(count)} of a group that one has seen,"
    return [f"{told} or look{'s' if count == 1 else ''} like a picture that it has: left out."]
