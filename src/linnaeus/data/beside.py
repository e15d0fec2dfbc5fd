"""Tables that lie in a folder or archive of pictures, or are given for one: found and matched.

A table is matched when it names pictures of the store, and says of each one thing only.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from linnaeus.counted import counted
from linnaeus.data.columns import (
    IMAGE_NAMES,
    Columns,
    Reading,
    as_path,
    find_column,
    kept_metadata,
    read_columns,
)
from linnaeus.data.layout import is_picture, listed
from linnaeus.data.rows import Table
from linnaeus.data.store import Store
from linnaeus.data.table import looks_like_table, parse_table, read_table
from linnaeus.errors import DataError, MissingError, UsageError

__all__ = ["Beside", "Found", "Matched", "tables_beside"]

LARGEST_BYTES = 256 << 20
"""A larger table is not looked into unless it is named: a million rows of 250 characters."""

NOT_TABLES = (".txt", ".tab")
"""Endings that are tables when a user says so, but READMEs and class lists when nobody does."""

Found = tuple[Reading, int]
"""What a table says of a picture: the table as read, and the row in it."""


@dataclass(frozen=True)
class Matched:
    """A table that names pictures: `shown` is its path, `rows` {path in the store: row}."""

    shown: str
    reading: Reading
    rows: dict[str, int]
    without_files: Sequence[str]


@dataclass
class Beside:
    """The tables beside pictures: `matched`, and why the others are not used.

    `left_alone`: {path of a table in the store: why}. `problems`: errors in tables that do name
    pictures.
    """

    matched: list[Matched]
    left_alone: dict[str, str]
    problems: list[DataError]

    @property
    def labelled(self) -> bool:
        """Whether a table says what the pictures show."""
        return any(match.reading.label_columns for match in self.matched)

    def refuse_unlabelled(self) -> None:
        """Raise what is wrong with the tables of these pictures, if there are any."""
        if self.problems:
            raise self.problems[0]
        if self.matched:
            read_columns(self.matched[0].reading.table, Columns())  # has no column of labels

    def found(self) -> dict[str, Found]:
        """{path in the store: what the tables say of it}."""
        return {p: (m.reading, row) for m in self.matched for p, row in m.rows.items()}

    def notes(self) -> list[str]:
        """What a user should know of the tables that are used."""
        told = [note for match in self.matched for note in match.reading.notes]
        strange = [match for match in self.matched if match.without_files]
        return told + [
            f"{match.shown} has {counted(len(match.without_files), 'row')} of files that no"
            f" picture, or several, are called ({listed(match.without_files)})."
            for match in strange
        ]


def tables_beside(
    store: Store, name: str, where: str, columns: Columns, table: Path | None
) -> Beside:
    """The tables that tell of the pictures in `store`: the one given, or those that lie in it.

    `name`: what the folder or archive is called, for tables whose paths begin with it. Raises
    DataError when a table that is given cannot be used, UsageError when it is not there.
    """
    beside = Beside([], {}, [])
    candidates = _candidates(store) if table is None else []
    if table is None and not candidates:
        return beside
    files = _Files(store, name)
    if table is not None:
        beside.matched.append(_given(files, table, where, columns))
    taken: dict[str, str] = {}
    for path in candidates:
        reason = _take(beside, taken, files, path, f"{where}: {path}", columns)
        if reason:
            beside.left_alone[path] = reason
    return beside


def _take(
    beside: Beside, taken: dict[str, str], files: _Files, path: str, where: str, columns: Columns
) -> str:
    """Add the table at `path` to those matched; or say why it is not used."""
    try:
        if files.store.size_bytes(path) > LARGEST_BYTES:
            return "a table too large to be looked into unless it is named with --table"
        table = parse_table(path, files.store.read(path), where)
        places = files.places(table, posixpath.dirname(path), columns)
    except (DataError, MissingError) as error:
        return f"a table that is not used: {error.what}"
    if not any(places):
        return "a table that names none of the pictures"
    try:
        match = _understood(table, places, path, columns)
    except DataError as error:
        beside.problems.append(error)
        return f"a table that is not used: {error.what}"
    if other := next((taken[p] for p in match.rows if p in taken), ""):
        return f"a table of pictures that {other} tells of already"
    taken.update(dict.fromkeys(match.rows, path))
    beside.matched.append(match)
    return ""


def _candidates(store: Store) -> list[str]:
    """The tables in folders above or among pictures, those called metadata first."""
    tables = [
        path
        for path in store.listing.files
        if looks_like_table(PurePosixPath(path))
        and not posixpath.basename(path).startswith(".")
        and not path.lower().endswith(NOT_TABLES)
    ]
    if not tables:
        return []
    holding = {folder for path in store.listing.files if is_picture(path) for folder in _up(path)}
    among = [path for path in tables if posixpath.dirname(path) in holding]
    return sorted(among, key=lambda p: (not posixpath.basename(p).startswith("metadata."), p))


def _given(files: _Files, table: Path, where: str, columns: Columns) -> Matched:
    """The table that the user named: a file on disk, or one in the store."""
    inside = table.as_posix()
    if not looks_like_table(table):
        raise UsageError(
            "this is no table by its ending",
            where=f"--table {table}",
            mend="Give a CSV, TSV, JSON lines or Parquet file.",
        )
    if table.is_file():
        read, bases = read_table(table), _bases(files.store)
    elif inside in files.store.listing.files:
        read = parse_table(inside, files.store.read(inside), f"{where}: {inside}")
        bases = [posixpath.dirname(inside)]
    else:
        raise UsageError(
            f"there is no such file, neither here nor in {where}",
            where=f"--table {table}",
            mend="Check the path.",
        )
    places = max((files.places(read, base, columns) for base in bases), key=_hits)
    match = _understood(read, places, str(table), columns)
    if match.without_files:
        raise DataError(
            f"{len(match.without_files):,} of {len(places):,} rows name files that are not in"
            f" {where}: {listed(match.without_files)}",
            where=str(table),
            mend="Paths in the table start from the folder or archive of the pictures.",
        )
    return match


def _hits(places: Sequence[str | None]) -> int:
    return sum(place is not None for place in places)


def _bases(store: Store) -> list[str]:
    """The folders that paths may start from: the top, and those that only wrap."""
    bases, folder = [""], ""
    while True:
        within = [f for f in store.listing.folders if posixpath.dirname(f) == folder]
        if len(within) != 1:
            return bases
        folder = within[0]
        bases.append(folder)


def _understood(
    table: Table, places: Sequence[str | None], shown: str, columns: Columns
) -> Matched:
    """What a table says of the pictures at `places`.

    Raises DataError when it says several things of one.
    """
    reading = read_columns(table, columns, unlabelled=True)
    rows: dict[str, int] = {}
    missing = []
    for row, place in enumerate(places):
        if place is None:
            missing.append(reading.entries[row].path)
        elif not reading.same(rows.setdefault(place, row), row):
            raise DataError(
                f"'{reading.entries[row].path}' stands in several rows that differ"
                f" ({table.unit} {reading.numbers[rows[place]]} and"
                f" {table.unit} {reading.numbers[row]})",
                where=table.where,
                mend="Leave one row a picture.",
            )
    kept_metadata([(reading, row) for row in rows.values()])  # refuses lists
    return Matched(shown, reading, rows, missing)


def _up(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


class _Files:
    """The pictures of a store, to be found by what a table calls them."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self._name = name
        self._paths = frozenset(store.listing.files)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._called: dict[str, str] = {}
        for path in store.listing.files:
            if is_picture(path):
                for called in (path, posixpath.splitext(path)[0]):
                    self._by_name[posixpath.basename(called)].append(called)
                    self._called.setdefault(called, path)

    def places(self, table: Table, folder: str, columns: Columns) -> list[str | None]:
        """The path in the store of each row's picture, None where it is not there.

        Raises DataError when no column names pictures.
        """
        image = find_column(table, columns.image, IMAGE_NAMES, "image")
        return [self._find(as_path(table.text(row, image)), folder) for row in table.rows]

    def _find(self, path: str, folder: str) -> str | None:
        """By the path from `folder`, with or without the data set's name; else by a unique end.

        The ending of the file's name may be missing where the rest is unique.
        """
        first, _, rest = path.partition("/")
        for tried in (path, rest if first == self._name else path):
            whole = posixpath.normpath(posixpath.join(folder, tried))
            if whole in self._paths:
                return whole
        ending = "/" + path
        alike = self._by_name.get(posixpath.basename(path), [])
        same = [called for called in alike if f"/{called}".endswith(ending)]
        return self._called[same[0]] if len(same) == 1 else None
