"""What to leave out of a data set so that nothing learnt from it is wrong by the data's fault.

Only what is certain is left out: what cannot be read, copies, and what stands on two sides of the
split. What takes a person to decide is named and kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Dataset
from linnaeus.data.findings import Audit
from linnaeus.data.leaks import Ties
from linnaeus.data.near import NearDuplicates
from linnaeus.data.scan import Scan

__all__ = ["Choice", "Mending", "mend"]

SUSPECTS = ("near-contradicting-labels", "near-duplicates", "label-errors", "similar-class-names")
"""Kinds of findings that a person has to decide about; their pictures are kept."""

JUDGED_FIRST = {split: rank for rank, split in enumerate((*reversed(SPLITS), ""))}
"""Of copies, the one in test is kept, for what is judged by must stay as it is."""

Done = Literal["left out", "suspect", "never in"]


@dataclass(frozen=True)
class Choice:
    """What was done with one file, and why.

    `done`: "left out" of the table; "suspect": kept, for a person to look at; "never in": it lies
    beside the pictures and was no part of the data set. `kind`: what is wrong, called as the
    finding of the audit. `instead`: the file that was kept in its place, "" where none was.
    """

    file: str
    done: Done
    kind: str
    why: str
    instead: str = ""


@dataclass(frozen=True, eq=False)
class Mending:
    """`kept`: (m,) int64 rows of the data set, in order. `choices`: one for each file touched."""

    kept: NDArray[np.int64]
    choices: tuple[Choice, ...]


def mend(dataset: Dataset, looked: Scan, near: NearDuplicates, found: Audit) -> Mending:
    """Choose what of `dataset` to keep. `looked`, `near`, `found`: of all its rows.

    Left out are pictures that cannot be read or have no label where each should have one; all
    copies with the same pixels under different labels, for nobody knows which is right; all but one
    of other copies, of which the one in test stays, or else in validation; and what is a near copy
    of a picture on a side that is judged.
    """
    left: dict[int, Choice] = {}
    for row in range(len(dataset)):
        if choice := _unusable(dataset, looked, row):
            left[row] = choice
    for rows in looked.copies:
        left |= _of_copies(dataset, rows)
    left |= _near_leaks(dataset, looked, near, left)
    kept = np.setdiff1d(np.arange(len(dataset)), np.fromiter(left, np.int64, len(left)))
    out = [left[row] for row in sorted(left)]
    names = {dataset.paths[row] for row in kept.tolist()}
    kinds = {path: one.kind for one in found.findings for files in one.files for path in files}
    never = [
        Choice(path, "never in", kinds.get(path, "stray-files"), why)
        for path, why in dataset.left_alone.items()
    ]
    return Mending(kept.astype(np.int64), (*out, *_suspects(found, names), *never))


def _unusable(dataset: Dataset, looked: Scan, row: int) -> Choice | None:
    path = dataset.paths[row]
    if path in looked.unreadable:
        return Choice(path, "left out", "unreadable", looked.unreadable[path])
    if dataset.label_sets is None and dataset.labels[row] < 0:
        return Choice(path, "left out", "unlabelled-pictures", "it has no label")
    return None


def _of_copies(dataset: Dataset, rows: Sequence[int]) -> dict[int, Choice]:
    """What is left out of one set of copies."""
    said = {row: " + ".join(dataset.labels_of(row)) for row in rows}
    if len(set(said.values())) > 1:
        return {row: _contradicting(dataset, row, said) for row in rows}
    keep = min(rows, key=lambda row: (JUDGED_FIRST[str(dataset.splits[row])], row))
    return {row: _copy_of(dataset, row, keep) for row in rows if row != keep}


def _contradicting(dataset: Dataset, row: int, said: dict[int, str]) -> Choice:
    other = next(copy for copy in said if said[copy] != said[row])
    why = (
        f"its label is '{said[row]}', but the same pixels stand under '{said[other]}' as"
        f" {dataset.paths[other]}; which is right takes a person to say"
    )
    return Choice(dataset.paths[row], "left out", "contradicting-labels", why)


def _copy_of(dataset: Dataset, row: int, keep: int) -> Choice:
    kept, side = dataset.paths[keep], str(dataset.splits[keep])
    if dataset.splits[row] == side:
        why, kind = "it has the same pixels", "exact-duplicates"
    else:
        why, kind = f"the same pixels stand in {side or 'no split'}", "leak-across-splits"
    return Choice(dataset.paths[row], "left out", kind, why, kept)


def _near_leaks(
    dataset: Dataset, looked: Scan, near: NearDuplicates, left: dict[int, Choice]
) -> dict[int, Choice]:
    """What remains beside near copies of it on a side that is judged."""
    pairs = near.pairs[~np.isin(near.pairs, np.fromiter(left, np.int64, len(left))).any(axis=1)]
    tied = Ties(np.arange(len(dataset)), None, pairs)
    sides = dataset.splits.copy()
    sides[list(left)] = ""
    partners: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs.tolist():
        partners[one].append(other)
        partners[other].append(one)
    leaks = tied.leaks(sides, dataset.paths)
    out = {}
    for row, why in leaks.items():
        judged = [other for other in partners[row] if other not in leaks]
        instead = min(judged, key=lambda other: JUDGED_FIRST[str(sides[other])])
        path = dataset.paths[row]
        out[row] = Choice(path, "left out", "near-leak-across-splits", why, dataset.paths[instead])
    return out


def _suspects(found: Audit, kept: set[str]) -> Iterator[Choice]:
    for finding in found.findings:
        if finding.kind not in SUSPECTS:
            continue
        for files in finding.files:
            for path in files:
                if path in kept:
                    others = [file for file in files if file != path]
                    why = finding.reasons.get(path) or f"it is a near copy of {_one(others, kept)}"
                    yield Choice(path, "suspect", finding.kind, why)


def _one(files: Sequence[str], kept: set[str]) -> str:
    """The first of `files` that is kept; where none is, the first."""
    return next((file for file in files if file in kept), files[0])
