"""A data set as one table: where each picture is, its label, split and group, and a fingerprint.

It knows nothing of folders, archives or tables (see `sources`), nor of pixels (see `scan`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UnreadableImage

__all__ = ["SPLITS", "Dataset", "Source", "natural_key"]

SPLITS = ("train", "validation", "test")

FIELD_END = "\x1f"


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
    `groups`: (n,) text, what must stay on one side of a split; None where there are no groups.
    `left_alone`: what lies beside the pictures and is not used, {path: why}; a path that ends in
    "/" stands for a folder.
    `notes`: sentences about the whole that a user should read.
    `source`: gives the bytes of a path.
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
    _digests: dict[str, str] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.paths)

    def __str__(self) -> str:
        parts = [f"{total:,} {split}" for split in SPLITS if (total := self._total(split))]
        given = f" ({', '.join(parts)})" if parts else ""
        return f"{self.name}: {len(self):,} pictures{given} of {len(self.classes)} classes"

    def counts(self) -> dict[str, dict[str, int]]:
        """Pictures per split and class, {split: {class: count}}; split "" where none is given.

        Splits without pictures are absent; classes without pictures in a split count 0.
        """
        present = [split for split in ("", *SPLITS) if self._total(split)]
        return {split: self._class_counts(self.splits == split) for split in present}

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
            _digests=self._digests,
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) over every sample's path, label, split, group and bytes.

        The same pictures give the same fingerprint as a folder, in any archive, and under a
        wrapping folder. Reads the files that no scan has read yet.
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
        label = self.classes[self.labels[row]] if self.labels[row] >= 0 else ""
        group = "" if self.groups is None else str(self.groups[row])
        path = self.paths[row]
        fields = (path, label, str(self.splits[row]), group, self._digests[path])
        return unicodedata.normalize("NFC", FIELD_END.join(fields))

    def _total(self, split: str) -> int:
        return int(np.count_nonzero(self.splits == split))

    def _class_counts(self, rows: NDArray[np.bool_]) -> dict[str, int]:
        labels = self.labels[rows]
        counts = np.bincount(labels[labels >= 0], minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}


def natural_key(text: str) -> tuple[list[str | int], str]:
    """A sorting key that puts "2" before "10" and does not tell upper from lower case.

    >>> sorted(["10", "b", "2", "A"], key=natural_key)
    ['2', '10', 'A', 'b']
    """
    parts = re.split(r"(\d+)", text)
    mixed = [int(part) if place % 2 else part.casefold() for place, part in enumerate(parts)]
    return mixed, text
