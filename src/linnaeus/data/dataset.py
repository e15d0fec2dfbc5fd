"""A data set as one table: where each picture is, its label, split and group, and a fingerprint.

It knows nothing of folders, archives or tables (see `sources`), nor of pixels (see `scan`).
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.counted import counted, pictures
from linnaeus.data.one_spelling import one_spelling
from linnaeus.data.own_groups import own_groups
from linnaeus.errors import UnreadableImage, UsageError

__all__ = ["SPLITS", "Column", "Dataset", "Source", "natural_key"]

SPLITS = ("train", "validation", "test")

FIELD_END = "\x1f"
LABEL_END = "\x1d"

Column = NDArray[np.float64] | NDArray[np.str_]
"""One column of metadata: (n,) float64 with NaN where empty, or (n,) text with "" where empty."""


class Source(Protocol):
    """Where the bytes of a data set's files come from."""

    def read(self, path: str) -> bytes:
        """The bytes of one file; safe to call from several threads at once.

        Raises UnreadableImage, naming `path`, when the file cannot be read.
        """


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled pictures, in the order of their paths.

    `classes`: names, sorted as people sort ("2" before "10").
    `paths`: (n,) each picture's place inside the data set, with "/" between parts; its identity.
    `labels`: (n,) int64, positions in `classes`; -1 where there is no label.
    `splits`: (n,) text, "train", "validation", "test" or "" where none is given.
    `groups`: (n,) text, what must stay on one side of a split, "" where a picture is in none; None
    where there are no groups. Figures want `groups_at`.
    `left_alone`: what lies beside the pictures and is not used, {path: why}; a path that ends in
    "/" stands for a folder.
    `notes`: sentences about the whole that a user should read.
    `source`: gives the bytes of a path.
    `label_sets`: (n, classes) bool, which labels each picture has, where it may have any number of
    them; `labels` are all -1 then. None where each picture has one label.
    `metadata`: {column: (n,) float64 with NaN where empty, or text with "" where empty}, what is
    known of the pictures besides.
    """

    name: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.str_]
    groups: NDArray[np.str_] | None
    left_alone: dict[str, str]
    source: Source
    notes: tuple[str, ...] = ()
    label_sets: NDArray[np.bool_] | None = None
    metadata: Mapping[str, Column] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.paths)

    def __str__(self) -> str:
        parts = [f"{total:,} {split}" for split in SPLITS if (total := self._total(split))]
        given = f" ({', '.join(parts)})" if parts else ""
        classes = counted(len(self.classes), "class", "classes")
        return f"{self.name}: {pictures(len(self))}{given} of {classes}"

    def counts(self) -> dict[str, dict[str, int]]:
        """Pictures per split and class, {split: {class: count}}; split "" where none is given.

        A picture of several labels counts in each of its classes. Splits without pictures are
        absent; classes without pictures in a split count 0.
        """
        present = [split for split in ("", *SPLITS) if self._total(split)]
        return {split: self._class_counts(self.splits == split) for split in present}

    def class_counts(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> NDArray[np.int64]:
        """(classes,) pictures of each class among `rows`, an (n,) mask or positions."""
        if self.label_sets is not None:
            return np.asarray(self.label_sets[rows].sum(axis=0), np.int64)
        labels = self.labels[rows]
        return np.bincount(labels[labels >= 0], minlength=len(self.classes))

    def labels_of(self, row: int) -> tuple[str, ...]:
        """The names of a picture's labels, in the order of `classes`; none where it has none."""
        if self.label_sets is not None:
            return tuple(self.classes[place] for place in np.flatnonzero(self.label_sets[row]))
        return (self.classes[self.labels[row]],) if self.labels[row] >= 0 else ()

    def demand_single_labels(self, verb: str) -> None:
        """Raise UsageError where pictures may have several labels, which `verb` cannot take."""
        if self.label_sets is not None:
            raise UsageError(
                f"pictures with several labels each cannot be used to {verb} yet",
                where=self.name,
                mend="Give one label column with one label a picture.",
            )

    @property
    def truth(self) -> NDArray[np.int64] | NDArray[np.bool_]:
        """(n,) `labels`, or where a picture may have several labels (n, classes) `label_sets`."""
        return self.labels if self.label_sets is None else self.label_sets

    def groups_at(self, rows: NDArray[np.int64]) -> NDArray[np.str_] | None:
        """(m,) the groups of the pictures at `rows`, for judging; None where there are no groups.

        A picture in none is a group of its own, called by its path.
        """
        if self.groups is None:
            return None
        return own_groups(self.groups[rows].tolist(), [self.paths[row] for row in rows.tolist()])

    def group_names(self, rows: NDArray[np.int64]) -> list[str]:
        """The groups that any of the pictures at `rows` are of, each once."""
        if self.groups is None:
            return []
        return sorted({*self.groups[rows].tolist()} - {""})

    def most_common_set(self, rows: NDArray[np.int64]) -> tuple[str, ...]:
        """The set of labels that most of `rows` have; at equal counts the smaller, earlier one."""
        counts = Counter(self.labels_of(row) for row in rows.tolist())
        place = {name: at for at, name in enumerate(self.classes)}

        def rank(labels: tuple[str, ...]) -> tuple[int, int, list[int]]:
            return -counts[labels], len(labels), [place[name] for name in labels]

        return min(counts, key=rank, default=())

    def column(self, name: str, option: str) -> Column:
        """The metadata column called `name`.

        Raises UsageError, naming the `option` that asked for it, where there is none.
        """
        if name in self.metadata:
            return self.metadata[name]
        near = difflib.get_close_matches(name, self.metadata, n=1)
        present = ", ".join(f"'{column}'" for column in self.metadata)
        if near:
            mend = f"Did you mean '{near[0]}'?"
        else:
            mend = f"There are {present}." if present else "Give a table that has such a column."
        what = f"{self.name} has no column '{name}' beside those of images, labels and groups"
        raise UsageError(what, where=option, mend=mend)

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> Dataset:
        """The samples at `indices`, in that order, with all classes and the same source."""
        rows = np.asarray(indices, dtype=np.int64)
        return Dataset(
            name=self.name,
            classes=self.classes,
            paths=tuple(self.paths[row] for row in rows),
            labels=self.labels[rows],
            splits=self.splits[rows],
            groups=None if self.groups is None else self.groups[rows],
            left_alone=self.left_alone,
            source=self.source,
            notes=self.notes,
            label_sets=None if self.label_sets is None else self.label_sets[rows],
            metadata={name: values[rows] for name, values in self.metadata.items()},
            _digests=self._digests,
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) over every sample's path, labels, split, group and bytes.

        Metadata do not count: nothing is learnt from them. The same pictures give the same
        fingerprint as a folder, in any archive, and under a wrapping folder. Reads the files that
        no scan has read yet.
        """
        self.remember_digests((p, self._digest(p)) for p in self.paths if p not in self._digests)
        whole = hashlib.sha256()
        for line in sorted(self._line(row) for row in range(len(self))):
            whole.update(line.encode())
            whole.update(b"\n")
        return whole.hexdigest()

    def remember_digests(self, digests: Iterable[tuple[str, str]]) -> None:
        """Keep (path, SHA-256 of the file's bytes) pairs, so that nobody reads the file again."""
        self._digests.update(digests)

    def _digest(self, path: str) -> str:
        try:
            return hashlib.sha256(self.source.read(path)).hexdigest()
        except UnreadableImage:
            return ""

    def _line(self, row: int) -> str:
        label = LABEL_END.join(self.labels_of(row))
        group = "" if self.groups is None else str(self.groups[row])
        path = self.paths[row]
        fields = (path, label, str(self.splits[row]), group, self._digests[path])
        return one_spelling(FIELD_END.join(fields))

    def _total(self, split: str) -> int:
        return int(np.count_nonzero(self.splits == split))

    def _class_counts(self, rows: NDArray[np.bool_]) -> dict[str, int]:
        counts = self.class_counts(rows)
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}


def natural_key(text: str) -> tuple[list[str | int], str]:
    """A sorting key that puts "2" before "10" and does not tell upper from lower case.

    >>> sorted(["10", "b", "2", "A"], key=natural_key)
    ['2', '10', 'A', 'b']
    """
    parts = re.split(r"(\d+)", text)
    mixed = [int(part) if place % 2 else part.casefold() for place, part in enumerate(parts)]
    return mixed, text
