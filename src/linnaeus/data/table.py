"""Tables of paths and labels: CSV, TSV, JSON lines or Parquet, beside the pictures they name."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath

from linnaeus.data.columns import Columns, Reading, kept_metadata, read_columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.delimited import read_delimited
from linnaeus.data.gather import gather
from linnaeus.data.json_lines import read_json_lines
from linnaeus.data.layout import listed
from linnaeus.data.parquet import read_parquet
from linnaeus.data.rows import Table
from linnaeus.data.store import Listing, Store
from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES

__all__ = ["load_table", "looks_like_table", "parse_table", "read_table", "without_repeats"]

READERS: dict[str, Callable[[bytes, str], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".tab": read_delimited,
    ".txt": read_delimited,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": read_parquet,
}
"""What reads a table, by the ending of its name."""


def looks_like_table(path: PurePath) -> bool:
    """Whether a file is a table by its name."""
    return path.suffix.lower() in READERS


def load_table(path: Path, columns: Columns) -> Dataset:
    """Load a table; paths in it are relative to its folder, or absolute.

    Raises DataError when a column, a label or a file is missing, or a file stands under two
    labels.
    """
    reading = read_columns(read_table(path), columns)
    rows, left_alone = without_repeats(reading)
    entries = [reading.entries[row] for row in rows]
    _check_files(path, reading, rows)
    left_alone.update(_files_without_rows(path, [entry.path for entry in entries]))
    return gather(
        path.stem,
        entries,
        _BesideTable(path.parent),
        label_sets=reading.label_sets,
        classes=reading.classes,
        grouped=reading.grouped,
        metadata=kept_metadata([(reading, row) for row in rows]),
        left_alone=left_alone,
        notes=reading.notes,
    )


def read_table(path: Path) -> Table:
    """The table in a file on disk. Raises DataError when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"it cannot be opened ({error.strerror or error})",
            where=str(path),
            mend="Check the path and its permissions.",
        ) from None
    return parse_table(path.name, content, str(path))


def parse_table(name: str, content: bytes, where: str) -> Table:
    """The table in `content`, of the kind that its file's name says. Raises DataError."""
    return READERS[posixpath.splitext(name)[1].lower()](content, where)


def without_repeats(reading: Reading) -> tuple[list[int], dict[str, str]]:
    """The first row of each file, and {repeated row: why it is left alone}.

    Raises DataError when two rows of one file say different things.
    """
    first: dict[str, int] = {}
    repeated = {}
    unit = reading.table.unit
    for row, entry in enumerate(reading.entries):
        known_row = first.setdefault(entry.path, row)
        if known_row == row:
            continue
        known, number = reading.entries[known_row], reading.numbers[known_row]
        if known != entry:
            said = "labels" if known.labels != entry.labels else "groups or splits"
            raise DataError(
                f"'{entry.path}' has other {said} in {unit} {number}",
                where=reading.table.place(reading.numbers[row]),
                mend=f"Correct this {unit}.",
            )
        other = "" if reading.same(known_row, row) else " with other values"
        repeats = f"it repeats {unit} {number}{other} ({entry.path})"
        repeated[f"{unit} {reading.numbers[row]}"] = repeats
    return list(first.values()), repeated


def _check_files(path: Path, reading: Reading, rows: Sequence[int]) -> None:
    missing = [row for row in rows if not (path.parent / reading.entries[row].path).is_file()]
    if missing:
        raise DataError(
            f"{len(missing):,} of {len(rows):,} rows name files that are not there:"
            f" {listed(reading.entries[row].path for row in missing)}",
            where=reading.table.place(reading.numbers[missing[0]]),
            mend=f"Paths in the table start from its folder, {path.parent.resolve()}.",
        )


def _files_without_rows(path: Path, paths: Iterable[str]) -> dict[str, str]:
    """{folder + "/": how many pictures in it no row names}, for folders that some row names."""
    named: dict[str, set[str]] = defaultdict(set)
    for file in paths:
        folder, name = posixpath.split(file)
        named[folder].add(name)
    left_alone = {}
    for folder, names in sorted(named.items()):
        if extra := sorted(_picture_names(path.parent / folder) - names):
            told = f"no row names {len(extra):,} of its pictures ({listed(extra)})"
            left_alone[f"{folder or '.'}/"] = told
    return left_alone


def _picture_names(folder: Path) -> set[str]:
    entries: Iterable[Path] = folder.iterdir()
    return {e.name for e in entries if e.suffix.lower() in IMAGE_SUFFIXES and e.name[0] != "."}


class _BesideTable(Store):
    """Files by the paths that a table gives: from its folder, or absolute."""

    listing = Listing((), frozenset(), {})

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def size_bytes(self, path: str) -> int:
        return (self.folder / path).stat().st_size

    def read_whole(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def on_disk(self, path: str) -> Path:
        return self.folder / path
