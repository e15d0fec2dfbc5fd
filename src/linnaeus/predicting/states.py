"""What the files of pictures were when their rows were written, so that a change since is noticed.

Beside the rows of a table, in a file of their own: 16 bytes a picture, in the order of the rows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from linnaeus.counted import pictures
from linnaeus.files import append_whole, shorten_to
from linnaeus.predicting.picture import Picture, State

__all__ = ["Changed", "States"]

NAMED_AT_MOST = 5

RECORD = struct.Struct("<qq")
NOT_KNOWN: State = (-1, -1)
"""Of a picture that is no file, or whose file was not there."""


class States:
    """The states in the file `path`, of which the first `count` belong to rows that are there."""

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        self._count = count
        there = path.stat().st_size // RECORD.size if path.exists() else 0
        if path.exists():
            shorten_to(path, min(there, count) * RECORD.size)
        if there < count:  # of a table that an earlier version began
            append_whole(path, RECORD.pack(*NOT_KNOWN) * (count - there))

    def add(self, pictures: Sequence[Picture]) -> None:
        """Keep those of some more pictures; before their rows, so that no row is without."""
        append_whole(self._path, b"".join(RECORD.pack(*(p.state or NOT_KNOWN)) for p in pictures))

    def kept(self) -> Iterator[State | None]:
        """Those of the first `count` pictures, in order; None where nothing was known."""
        with self._path.open("rb") as file:
            for _ in repeat(None, self._count):
                state = RECORD.unpack(file.read(RECORD.size))
                yield None if state == NOT_KNOWN else state

    def forget(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)


@dataclass
class Changed:
    """Pictures that are not what they were when their rows were written: how many, some names."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < NAMED_AT_MOST:
            self.first.append(name)

    @property
    def sentence(self) -> str:
        """What to know of them."""
        more = ", …" if self.count > len(self.first) else ""
        return (
            f"The files of {pictures(self.count)} have changed since their rows were written"
            f" ({', '.join(self.first)}{more}): these rows tell of what they were."
        )
