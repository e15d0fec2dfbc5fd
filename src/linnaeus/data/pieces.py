"""Data sets in pieces (shards, Parquet files): each piece is a table, together they are one set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from linnaeus.data.columns import Reading, kept_metadata
from linnaeus.data.dataset import Dataset, Source
from linnaeus.data.gather import gather
from linnaeus.data.layout import SPLIT_NAMES, listed
from linnaeus.errors import DataError, UsageError

__all__ = ["Piece", "expanded", "is_pattern", "pieces_of", "put_together", "split_in_name"]

BRACES = re.compile(r"\{([^{}]*)\}")
COUNTED = re.compile(r"(\d+)\.\.(\d+)", re.ASCII)
MOST_PIECES = 100_000


class Piece(NamedTuple):
    """One file of several: where it lies, and its path from where the data set begins."""

    path: Path
    shown: str


def is_pattern(text: str) -> bool:
    """Whether a text stands for several files: it has braces or wildcards, and is no file itself.

    >>> is_pattern("shards/train-{000..010}.tar"), is_pattern("shards")
    (True, False)
    """
    return any(sign in text for sign in "{*?") and not Path(text).exists()


def pieces_of(pattern: str) -> list[Piece]:
    """The files that a pattern stands for: {000..010}, {a,b}, * and ? as in a shell.

    Raises UsageError when there is none, or a numbered one is missing.
    """
    paths: dict[Path, None] = {}
    for text in expanded(pattern):
        path = Path(text)
        wild = any(sign in text for sign in "*?")
        found = Path(path.anchor).glob(str(path.relative_to(path.anchor))) if wild else [path]
        paths.update((path, None) for path in sorted(found))
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        raise UsageError(
            f"files are missing: {listed(missing)}" if missing else "no file fits this pattern",
            where=pattern,
            mend="Check the path; in a shell, put patterns in quotation marks.",
        )
    shared = Path(*_shared_parts([path.parent.parts for path in paths]))
    return [Piece(path, path.relative_to(shared).as_posix()) for path in paths]


def split_in_name(shown: str) -> str:
    """The split that a file is named after, or the folder it lies in; "" where none is.

    >>> split_in_name("imagenet-train-000007.tar"), split_in_name("val/0.tar"), split_in_name("a")
    ('train', 'validation', '')
    """
    for part in reversed(shown.split("/")):
        for word in re.split(r"[^a-z]+", part.lower()):
            if word in SPLIT_NAMES:
                return SPLIT_NAMES[word]
    return ""


def put_together(
    name: str,
    where: str,
    readings: Mapping[str, Reading],
    source: Source,
    left_alone: dict[str, str],
) -> Dataset:
    """One data set from `readings`, {path of a piece: what it says}.

    Where no column gives splits, they are those that the pieces are named after. Raises DataError
    when that is so for some of them only.
    """
    named = {
        shown: "" if reading.parted else split_in_name(shown) for shown, reading in readings.items()
    }
    parted = [shown for shown, reading in readings.items() if reading.parted or named[shown]]
    if 0 < len(parted) < len(readings):
        without = [shown for shown in readings if shown not in parted]
        raise DataError(
            f"{listed(parted)} tell their split, but not {listed(without)}",
            where=where,
            mend="Name all files after their split, such as train-000.tar, or none.",
        )
    rows = [(shown, row) for shown, r in readings.items() for row in range(len(r.entries))]
    entries = [
        entry._replace(split=named[shown]) if named[shown] else entry
        for shown, row in rows
        for entry in [readings[shown].entries[row]]
    ]
    by_set = any(reading.label_sets for reading in readings.values())
    return gather(
        name,
        entries,
        source,
        label_sets=by_set,
        classes=[name for r in readings.values() for name in r.classes] if by_set else (),
        grouped=any(reading.grouped for reading in readings.values()),
        metadata=kept_metadata([(readings[shown], row) for shown, row in rows]),
        left_alone=left_alone,
        notes=list(dict.fromkeys(note for r in readings.values() for note in r.notes)),
    )


def expanded(pattern: str) -> list[str]:
    """A pattern without its braces, once for each of what stands in them.

    >>> expanded("{a,b}-{08..10}.tar")[2:4]
    ['a-10.tar', 'b-08.tar']
    """
    found = BRACES.search(pattern)
    if found is None:
        return [pattern]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    rest = expanded(tail)
    return [f"{head}{choice}{end}" for choice in _choices(found[1], pattern) for end in rest]


def _choices(inside: str, pattern: str) -> Sequence[str]:
    if not (counted := COUNTED.fullmatch(inside)):
        return inside.split(",")
    first, last = counted.groups()
    numbers = range(int(first), int(last) + 1)
    if not 0 < len(numbers) <= MOST_PIECES:
        raise UsageError(
            f"{{{inside}}} counts {len(numbers):,} files",
            where=pattern,
            mend="Count upwards, as in {000..010}.",
        )
    return [str(number).zfill(len(first)) for number in numbers]


def _shared_parts(parts: Sequence[Sequence[str]]) -> list[str]:
    shared = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return shared
