"""A saved split used again: each picture is found by its path and digest, and nothing is guessed.

A picture that was renamed is found by its digest. One that is gone or was changed is an error, for
the split would be another; one that the file does not know is left out and told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import are, pictures, were
from linnaeus.data.dataset import Dataset
from linnaeus.data.layout import listed
from linnaeus.data.leaks import Ties
from linnaeus.data.part import unusable
from linnaeus.data.scan import Scan
from linnaeus.data.split import LEFT_OUT, Split
from linnaeus.data.split_file import LABEL_SEPARATOR, SplitFile
from linnaeus.errors import DataError

__all__ = ["pinned"]

UNKNOWN = "the split file does not know it"
NOT_SAID = "the split file leaves it out"


def pinned(
    file: SplitFile,
    dataset: Dataset,
    scan: Scan,
    *,
    fold: int | None = None,
    repeat: int | None = None,
    inner: int | None = None,
    as_written: bool = False,
) -> Split:
    """The side of every picture of `dataset`, in its order, as `file` says.

    `scan`: of all of it. `fold`, `repeat`, `inner`: as in `SplitFile.chosen`. `as_written`: leave
    copies on two sides, and classes that nothing can be learnt from, to an audit of the split.

    Raises UsageError for folds that are not there, DataError where a picture of the file is missing
    or changed, where it cannot be used any more, and where nothing is left to learn from.
    """
    sides = file.chosen(fold, repeat, inner)
    found = _Found.of(file, dataset, scan.content_digests)
    _check_all_there(file, dataset, found, sides)
    known = found.line >= 0
    assignment = np.full(len(dataset), LEFT_OUT, dtype="<U10")
    assignment[known] = sides[found.line[known]]
    reasons = {
        row: (file.reasons[found.line[row]] or NOT_SAID) if known[row] else UNKNOWN
        for row in np.flatnonzero(assignment == LEFT_OUT).tolist()
    }
    bad = unusable(dataset, scan.unreadable)
    _check_usable(file, dataset, assignment, bad)
    leaking = {} if as_written else _leaks(dataset, scan, assignment)
    assignment[list(leaking)] = LEFT_OUT
    if not as_written:
        _check_train(file, dataset, assignment)
    remarks = [
        f"Parted as {file.where} says{_which(fold, repeat, inner)}.",
        *_told(file, dataset, found, leaking),
    ]
    return Split(assignment, {**reasons, **bad, **leaking}, tuple(remarks))


@dataclass(frozen=True, eq=False)
class _Found:
    """Which line of a split file each picture is of.

    `line`: (n,) int64, -1 for pictures that the file does not know. `renamed`, `changed`: rows.
    `missing`: lines without a picture.
    """

    line: NDArray[np.int64]
    renamed: Sequence[int]
    changed: Sequence[int]
    missing: Sequence[int]

    @classmethod
    def of(cls, file: SplitFile, dataset: Dataset, digests: Sequence[str]) -> _Found:
        line_of = {image: line for line, image in enumerate(file.images)}
        line = np.full(len(dataset), -1, np.int64)
        for row, path in enumerate(dataset.paths):
            named = line_of.get(_written(path), -1)
            if named >= 0 and file.digests[named] == digests[row]:
                line[row] = named
        free = set(range(len(file.images))) - set(line.tolist())
        renamed = _by_digest(file, digests, line, free)
        changed = [
            row
            for row in np.flatnonzero(line < 0).tolist()
            if line_of.get(_written(dataset.paths[row]), -1) in free
        ]
        gone = free - {line_of[_written(dataset.paths[row])] for row in changed}
        return cls(line, renamed, changed, sorted(gone))


def _written(path: str) -> str:
    """A path as a split file holds it: without spaces around it, and all of it in UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode().strip()


def _by_digest(
    file: SplitFile, digests: Sequence[str], line: NDArray[np.int64], free: set[int]
) -> list[int]:
    """Give pictures that were found under no name the `free` lines of their digests, in order."""
    lines: dict[str, list[int]] = defaultdict(list)
    for one in sorted(free, reverse=True):
        lines[file.digests[one]].append(one)
    renamed = []
    for row in np.flatnonzero(line < 0).tolist():
        if digests[row] and lines[digests[row]]:
            line[row] = lines[digests[row]].pop()
            free.discard(int(line[row]))
            renamed.append(row)
    return renamed


def _check_all_there(
    file: SplitFile, dataset: Dataset, found: _Found, sides: NDArray[np.str_]
) -> None:
    if found.changed:
        raise DataError(
            f"{pictures(len(found.changed))} changed since this split was saved:"
            f" {listed(dataset.paths[row] for row in found.changed)}",
            where=file.where,
            mend="Restore what was there, or save a new split with `linnaeus data split`.",
        )
    gone = [line for line in found.missing if sides[line] != LEFT_OUT]
    if gone:
        raise DataError(
            f"{pictures(len(gone))} of this split {are(len(gone))} not in"
            f" {dataset.name}: {listed(file.images[line] for line in gone)}",
            where=file.where,
            mend="Restore what was there, or save a new split with `linnaeus data split`.",
        )


def _check_usable(
    file: SplitFile, dataset: Dataset, assignment: NDArray[np.str_], bad: dict[int, str]
) -> None:
    lost = [row for row in bad if assignment[row] != LEFT_OUT]
    if lost:
        raise DataError(
            f"{pictures(len(lost))} of this split cannot be used any more:"
            f" {listed(f'{dataset.paths[row]} ({bad[row]})' for row in lost)}",
            where=file.where,
            mend="Save a new split with `linnaeus data split`.",
        )


def _leaks(dataset: Dataset, scan: Scan, assignment: NDArray[np.str_]) -> dict[int, str]:
    """{row: why} of pictures that a file changed by hand, or other groups, put on two sides."""
    digests = [digest or f"unread {row}" for row, digest in enumerate(scan.pixel_digests)]
    ties = Ties(np.array(digests), dataset.groups, np.empty((0, 2), np.int64))
    return ties.leaks(assignment, dataset.paths)


def _check_train(file: SplitFile, dataset: Dataset, assignment: NDArray[np.str_]) -> None:
    empty = dataset.class_counts(assignment == "train") == 0
    if empty.any():
        named = listed(f"'{dataset.classes[place]}'" for place in np.flatnonzero(empty).tolist())
        raise DataError(
            f"this split leaves nothing to learn from in {named}",
            where=file.where,
            mend="Save a new split with `linnaeus data split`.",
        )


def _which(fold: int | None, repeat: int | None, inner: int | None) -> str:
    if fold is None:
        return ""
    nested = "" if inner is None else f", inner fold {inner}"
    return f" in fold {fold} of repeat {repeat or 0}{nested}"


def _told(file: SplitFile, dataset: Dataset, found: _Found, leaking: dict[int, str]) -> list[str]:
    told = []
    renamed, unknown = found.renamed, np.flatnonzero(found.line < 0).tolist()
    relabelled = [
        row
        for row in np.flatnonzero(found.line >= 0).tolist()
        if file.labels[found.line[row]] not in ("", _label(dataset, row))
    ]
    gone = [file.images[line] for line in found.missing]
    for rows, what in (
        (renamed, "renamed since, and found by their bytes"),
        (unknown, "not known to the split file, and left out"),
        (relabelled, "of another label than when the split was saved"),
        (list(leaking), "left out because copies of them or their groups are judged on"),
    ):
        if rows:
            names = listed(dataset.paths[row] for row in rows)
            told.append(f"{pictures(len(rows))} {were(len(rows))} {what}: {names}.")
    if gone:
        told.append(f"{pictures(len(gone))} that the split left out {were(len(gone))} gone.")
    return told


def _label(dataset: Dataset, row: int) -> str:
    return _written(LABEL_SEPARATOR.join(dataset.labels_of(row)))
