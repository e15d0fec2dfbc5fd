"""Which pictures may weigh the members of an ensemble, and which may judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.seen import was_seen
from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan
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


def roles_of(candidates: Sequence[Candidate], dataset: Dataset, scan: Scan) -> Roles:
    """What each picture of `dataset` is to all the candidates; `scan` is of all of it.

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
    if (dataset.splits == "test").any():
        unseen &= dataset.splits == "test"
    if not unseen.any():
        raise DataError(
            "the members have seen every one of these pictures, so none is left to judge them",
            where=dataset.name,
            mend="Train them on a split with test pictures.",
        )
    return Roles(
        learnt=np.flatnonzero(known),
        held_out=np.flatnonzero(held_out),
        test=np.flatnonzero(unseen),
        keeper=held.argmax(axis=0)[held_out] if in_folds else None,
        remarks=() if in_folds else _told(known, np.all(learnt, axis=0)),
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


def _told(by_some: NDArray[np.bool_], by_all: NDArray[np.bool_]) -> tuple[str, ...]:
    some = int((by_some & ~by_all).sum())
    if not some:
        return ()
    return (f"{some:,} pictures taught only some of the members; none of them judges.",)
