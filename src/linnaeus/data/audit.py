"""What is wrong with a data set, from what one scan saw: copies, contradictions, leaks, odd files.

Each check is a function from what was seen to findings; a new check is one more in `CHECKS`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import SPLITS, Dataset
from linnaeus.data.findings import SEVERITIES, Audit, Finding, Severity
from linnaeus.data.layout import is_picture, listed
from linnaeus.data.scan import Scan
from linnaeus.data.split import Split

__all__ = ["audit"]

FEW_IN_CLASS = 10
"""With fewer pictures, one in ten for validation is not even one."""

IMBALANCE_NOTED, IMBALANCE_WARNED = 3, 10
"""The most frequent class, as a multiple of the rarest."""

SMALL_SIDE_PX = 16
LONG_ASPECT = 4
"""Photographs are up to 16:9, panoramas up to about 3:1."""

GREY_MODES = frozenset({"1", "L", "LA", "La", "F"})
ORIENTATION_NOTE, FRAMES_NOTE = "EXIF orientation", "first frame"


def audit(dataset: Dataset, scan: Scan, *, split: Split | None = None) -> Audit:
    """Judge a data set by a scan of it. Reads no file again; grows with the number of pictures.

    Leaks are looked for across the data set's own split or, where `split` is given (its rows are
    the scan's), across the one that training will use.
    """
    looked_at = dataset.subset(scan.indices)
    sides = looked_at.splits if split is None else split.assignment
    seen = _Seen(looked_at, scan, sides)
    found = [finding for check in CHECKS for finding in check(seen)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Audit(
        name=dataset.name,
        fingerprint=looked_at.fingerprint,
        images=len(looked_at),
        readable=len(looked_at) - len(scan.unreadable),
        classes=dataset.classes,
        counts=looked_at.counts(),
        findings=tuple(found),
        notes=dataset.notes,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """A data set, its scan, row for row, and the side of the split that each sample is on."""

    dataset: Dataset
    scan: Scan
    sides: NDArray[np.str_]

    @cached_property
    def readable(self) -> NDArray[np.bool_]:
        return self.scan.readable

    @cached_property
    def copies(self) -> list[list[int]]:
        """Rows with equal pixels, in sets of two or more."""
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, digest in enumerate(self.scan.pixel_digests):
            if digest:
                rows_of[digest].append(row)
        return [rows for rows in rows_of.values() if len(rows) > 1]

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """(classes,) readable pictures of each class."""
        return self.dataset.class_counts(self.readable)

    def paths(self, rows: Iterable[int]) -> list[str]:
        return [self.dataset.paths[row] for row in rows]

    def singly(self, rows: Iterable[int]) -> list[list[str]]:
        return [[path] for path in self.paths(rows)]


def _unreadable(seen: _Seen) -> Iterable[Finding]:
    if reasons := seen.scan.unreadable:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "unreadable",
            "error",
            len(reasons),
            f"{_pictures(len(reasons))} cannot be read and {_are(len(reasons))} left out"
            f" (first: {first}: {why}).",
            "Replace them or take them out.",
            [[path] for path in reasons],
            reasons,
        )


def _contradicting_labels(seen: _Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if _labels_said(seen, rows) > 1]
    if groups:
        yield Finding(
            "contradicting-labels",
            "error",
            len(groups),
            f"{_copies(len(groups))} under different labels"
            f" (first: {' = '.join(seen.paths(groups[0]))}).",
            "Decide on one label for each and take the other copies out.",
            [seen.paths(rows) for rows in groups],
        )


def _leak_across_splits(seen: _Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if _sides(seen, rows) > 1]
    if groups:
        yield Finding(
            "leak-across-splits",
            "error",
            len(groups),
            f"{_copies(len(groups))} in more than one split"
            f" (first: {' = '.join(seen.paths(groups[0]))}).",
            "Training leaves the copies of judged pictures out; better take them out of the data.",
            [seen.paths(rows) for rows in groups],
        )


def _group_leak(seen: _Seen) -> Iterable[Finding]:
    if seen.dataset.groups is None:
        return
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(seen.dataset.groups.tolist()):
        if group:
            members[group].append(row)
    leaking = {group: rows for group, rows in members.items() if _sides(seen, rows) > 1}
    if leaking:
        yield Finding(
            "group-leak",
            "error",
            len(leaking),
            f"{len(leaking):,} of {len(members):,} groups"
            f" {'stands' if len(leaking) == 1 else 'stand'} in more than one split"
            f" ({listed(leaking)}).",
            "Part the pictures anew by group (--resplit); a test on known groups flatters.",
            [seen.paths(rows) for rows in leaking.values()],
        )


def _exact_duplicates(seen: _Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if _labels_said(seen, rows) == 1]
    if groups:
        yield Finding(
            "exact-duplicates",
            "warning",
            len(groups),
            f"{_copies(len(groups))} in one class each"
            f" (first: {' = '.join(seen.paths(groups[0]))}).",
            "Keep one of each: copies count double and make a model look surer than it is.",
            [seen.paths(rows) for rows in groups],
        )


def _tiny_class(seen: _Seen) -> Iterable[Finding]:
    few = np.flatnonzero(seen.class_counts < FEW_IN_CLASS)
    if len(few):
        told = (f"{seen.dataset.classes[place]}: {seen.class_counts[place]}" for place in few)
        severity: Severity = "error" if seen.class_counts.min() < 2 else "warning"
        yield Finding(
            "tiny-class",
            severity,
            len(few),
            f"{len(few):,} of {len(seen.class_counts):,} classes"
            f" {'has' if len(few) == 1 else 'have'} fewer than {FEW_IN_CLASS} readable pictures"
            f" ({listed(told)}).",
            "Collect more of them, or merge them with a class like them.",
        )


def _imbalance(seen: _Seen) -> Iterable[Finding]:
    counts = seen.class_counts
    low, high = int(counts.argmin()), int(counts.argmax())
    times = counts[high] / max(1, counts[low])
    if times < IMBALANCE_NOTED:
        return
    name = seen.dataset.classes
    yield Finding(
        "imbalance",
        "warning" if times >= IMBALANCE_WARNED else "note",
        int(np.count_nonzero(counts * IMBALANCE_NOTED <= counts[high])),
        f"The most frequent class, {name[high]}, has {times:.1f} times as many pictures as the"
        f" rarest, {name[low]} ({counts[high]:,} and {counts[low]:,}).",
        "Judge by balanced accuracy or macro F1, and collect more of the rare classes.",
    )


def _unlabelled_pictures(seen: _Seen) -> Iterable[Finding]:
    loose = {path: why for path, why in seen.dataset.left_alone.items() if is_picture(path)}
    if loose:
        yield Finding(
            "unlabelled-pictures",
            "warning",
            len(loose),
            f"{_pictures(len(loose))} without a label {_are(len(loose))} left alone"
            f" ({listed(loose)}).",
            "Move them into their class folders, or take them out.",
            [[path] for path in loose],
            loose,
        )


def _stray_files(seen: _Seen) -> Iterable[Finding]:
    strays = {path: why for path, why in seen.dataset.left_alone.items() if not is_picture(path)}
    if strays:
        told = (f"{path}: {why}" for path, why in strays.items())
        yield Finding(
            "stray-files",
            "note",
            len(strays),
            f"{len(strays):,} {'entry' if len(strays) == 1 else 'entries'} beside the pictures"
            f" {_are(len(strays))} left alone ({listed(told)}).",
            "Nothing needs to be done, unless one of them was meant to be used.",
            [[path] for path in strays],
            strays,
        )


def _animated(seen: _Seen) -> Iterable[Finding]:
    if paths := [path for path, notes in seen.scan.notes.items() if _any_with(FRAMES_NOTE, notes)]:
        yield Finding(
            "animated",
            "warning",
            len(paths),
            f"Of {_pictures(len(paths))} with several frames only the first is used"
            f" ({listed(paths)}).",
            "Save the frames that matter as pictures of their own.",
            [[path] for path in paths],
        )


def _exif_rotated(seen: _Seen) -> Iterable[Finding]:
    notes = seen.scan.notes
    if paths := [path for path, told in notes.items() if _any_with(ORIENTATION_NOTE, told)]:
        yield Finding(
            "exif-rotated",
            "note",
            len(paths),
            f"{_pictures(len(paths))} {_are(len(paths))} turned upright by EXIF orientation"
            f" ({listed(paths)}).",
            "Nothing needs to be done here; other programs may show them lying.",
            [[path] for path in paths],
        )


def _converted(seen: _Seen) -> Iterable[Finding]:
    reasons = {
        path: "; ".join(rest)
        for path, notes in seen.scan.notes.items()
        if (rest := [n for n in notes if ORIENTATION_NOTE not in n and FRAMES_NOTE not in n])
    }
    if reasons:
        first, why = next(iter(reasons.items()))
        yield Finding(
            "converted",
            "note",
            len(reasons),
            f"{_pictures(len(reasons))} needed more than plain decoding (first: {first}: {why}).",
            "Make sure that pictures to be predicted come in the same way.",
            [[path] for path in reasons],
            reasons,
        )


def _mixed_modes(seen: _Seen) -> Iterable[Finding]:
    grey = np.array([_is_grey(mode) for mode in seen.scan.modes], bool) & seen.readable
    colour = seen.readable & ~grey
    if not grey.any() or not colour.any():
        return
    grey_is_rare = grey.sum() <= colour.sum()
    rows = np.flatnonzero(grey if grey_is_rare else colour)
    how = "in grey, the others in colour" if grey_is_rare else "in colour, the others in grey"
    yield Finding(
        "mixed-modes",
        "note",
        len(rows),
        f"{_pictures(len(rows))} of {int(seen.readable.sum()):,} {_are(len(rows))} stored {how}"
        f" ({listed(seen.paths(rows))}).",
        "Make sure that colour does not tell the classes apart by accident.",
        seen.singly(rows),
    )


def _odd_size(seen: _Seen) -> Iterable[Finding]:
    sides = seen.scan.sizes_px.min(axis=1, initial=1 << 30)
    rows = np.flatnonzero(seen.readable & (sides < SMALL_SIDE_PX))
    if len(rows):
        yield Finding(
            "odd-size",
            "note",
            len(rows),
            f"{_pictures(len(rows))} of {int(seen.readable.sum()):,} {_are(len(rows))} less than"
            f" {SMALL_SIDE_PX} pixels wide or high.",
            "Make sure that they are pictures, not thumbnails or markers.",
            seen.singly(rows),
        )


def _odd_aspect(seen: _Seen) -> Iterable[Finding]:
    sizes = np.maximum(seen.scan.sizes_px, 1)
    rows = np.flatnonzero(seen.readable & (sizes.max(axis=1) >= LONG_ASPECT * sizes.min(axis=1)))
    if len(rows):
        yield Finding(
            "odd-aspect",
            "note",
            len(rows),
            f"{_pictures(len(rows))} of {int(seen.readable.sum()):,} {_are(len(rows))} at least"
            f" {LONG_ASPECT} times as long as wide.",
            "Stretching to a model's size distorts them; cut them to what matters.",
            seen.singly(rows),
        )


CHECKS: Sequence[Callable[[_Seen], Iterable[Finding]]] = (
    _unreadable,
    _contradicting_labels,
    _leak_across_splits,
    _group_leak,
    _exact_duplicates,
    _tiny_class,
    _imbalance,
    _unlabelled_pictures,
    _animated,
    _mixed_modes,
    _odd_size,
    _odd_aspect,
    _exif_rotated,
    _converted,
    _stray_files,
)
"""All checks; among findings of one severity, this is their order."""


def _sides(seen: _Seen, rows: list[int]) -> int:
    """On how many sides of the split the samples at `rows` stand."""
    return len(set(seen.sides[rows].tolist()) & set(SPLITS))


def _labels_said(seen: _Seen, rows: list[int]) -> int:
    """How many different labels, or sets of labels, the samples at `rows` stand under."""
    return len({seen.dataset.labels_of(row) for row in rows})


def _is_grey(mode: str) -> bool:
    return mode in GREY_MODES or mode.startswith("I")


def _any_with(words: str, notes: Sequence[str]) -> bool:
    return any(words in note for note in notes)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _copies(count: int) -> str:
    what = "of pictures with the same pixels"
    return f"1 set {what} stands" if count == 1 else f"{count:,} sets {what} stand"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
