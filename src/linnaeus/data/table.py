"""CSV and TSV tables of paths and labels, with optional columns for group and split."""

from __future__ import annotations

import codecs
import csv
import io
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from linnaeus.data.dataset import Dataset, natural_key
from linnaeus.data.layout import SPLIT_NAMES, listed
from linnaeus.data.store import Listing, Store
from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES

__all__ = ["Columns", "load_table", "looks_like_table"]

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
DELIMITERS = ",;\t|"
IMAGE_NAMES = (
    "path file filename file_name filepath file_path image image_path image_file image_name"
    " img img_path picture photo".split()
)
LABEL_NAMES = "label class category target class_name label_name species y".split()
SPLIT_COLUMN_NAMES = "split subset partition fold set".split()


class Columns(NamedTuple):
    """The columns of a table that the user named; None where they are to be guessed."""

    image: str | None = None
    label: str | None = None
    group: str | None = None
    split: str | None = None


class _Row(NamedTuple):
    number: int
    path: str
    label: str
    group: str
    split: str


def looks_like_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    return path.suffix.lower() in TABLE_SUFFIXES


def load_table(path: Path, columns: Columns) -> Dataset:
    """Load a table; paths in it are relative to its folder, or absolute.

    A split column is used when it is named, or when one is called "split" or the like and holds
    nothing but names of splits. Groups are used when their column is named. Raises DataError when
    a column, a label or a file is missing, or a file stands under two labels.
    """
    header, lines = _read(path)
    rows, notes = _rows(path, header, lines, columns)
    rows, left_alone = _without_repeats(path, rows)
    store = _BesideTable(path.parent)
    _check_files(path, rows)
    left_alone.update(_files_without_rows(path, rows))
    rows.sort(key=lambda row: row.path)
    classes = tuple(sorted({row.label for row in rows}, key=natural_key))
    position = {label: place for place, label in enumerate(classes)}
    return Dataset(
        name=path.stem,
        classes=classes,
        paths=tuple(row.path for row in rows),
        labels=np.array([position[row.label] for row in rows], np.int64),
        splits=np.array([row.split for row in rows], dtype="<U10"),
        groups=np.array([row.group for row in rows]) if columns.group else None,
        left_alone=left_alone,
        source=store,
        notes=notes,
    )


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header's names, and (line number, fields) of every row that is not blank."""
    text = _decoded(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        lines = [(reader.line_num, [f.strip() for f in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(
            f"the table cannot be read ({error})",
            where=f"{path}, line {reader.line_num}",
            mend="Save it as CSV once more.",
        ) from None
    if len(lines) < 2:
        raise DataError(
            "the table has no rows" if lines else "the table is empty",
            where=str(path),
            mend="It needs a line with the names of the columns, and one line a picture.",
        )
    (_, header), *rows = lines
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"the line has {len(row)} fields, the first line names {len(header)} columns",
                where=f"{path}, line {number}",
                mend="Put fields that contain the delimiter in quotation marks.",
            )
    return header, rows


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"the table is not UTF-8 text (byte {error.start:,})",
            where=str(path),
            mend="Save it as 'CSV UTF-8'.",
        ) from None


def _delimiter(text: str) -> str:
    """The delimiter that parts the first line into most columns."""
    first = text.partition("\n")[0]
    return max(
        DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter)))
    )


def _rows(
    path: Path, header: list[str], lines: list[tuple[int, list[str]]], columns: Columns
) -> tuple[list[_Row], tuple[str, ...]]:
    """The rows by meaning, with their lines in the file, and notes on what was not used."""
    image = _column(path, header, columns.image, IMAGE_NAMES, "image")
    label = _column(path, header, columns.label, LABEL_NAMES, "label")
    group = _column(path, header, columns.group, (), "group") if columns.group else None
    split, notes = _split_column(path, header, lines, columns.split)
    rows = []
    for number, fields in lines:
        values = [fields[image], fields[label]]
        for value, name in zip(values, (header[image], header[label]), strict=True):
            if not value:
                raise _in_row(path, number, f"the column '{name}' is empty")
        given = _split_of(path, number, fields[split]) if split is not None else ""
        named = unicodedata.normalize("NFC", fields[label])
        member = fields[group] if group is not None else ""
        rows.append(_Row(number, _as_path(fields[image]), named, member, given))
    return rows, notes


def _column(
    path: Path, header: list[str], named: str | None, guesses: Sequence[str], what: str
) -> int:
    """The place of a column, by the user's name for it or by the first guess that fits."""
    plain = [name.lower().replace(" ", "_").replace("-", "_") for name in header]
    if named is not None:
        fitting = [place for place, name in enumerate(header) if name == named]
        problem = f"there is no column '{named}'"
    else:
        guess = next((guess for guess in guesses if guess in plain), None)
        fitting = [place for place, name in enumerate(plain) if name == guess]
        problem = f"no column has a name that an {what} column usually has"
        problem = problem if what[0] in "aeiou" else problem.replace("an ", "a ", 1)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        problem = f"two columns are called '{header[fitting[0]]}'"
    raise DataError(
        problem,
        where=str(path),
        mend=f"The columns are {', '.join(header)}; name the right one with --{what}-column.",
    )


def _split_column(
    path: Path, header: list[str], lines: list[tuple[int, list[str]]], named: str | None
) -> tuple[int | None, tuple[str, ...]]:
    """The place of the split column, if any, and notes.

    A column that is called "split" or the like and holds none of the splits' names (numbers of
    folds, perhaps) is not used, and that is noted.
    """
    if named is not None:
        return _column(path, header, named, (), "split"), ()
    for place, name in enumerate(header):
        if name.lower() in SPLIT_COLUMN_NAMES:
            if any(fields[place].lower() in SPLIT_NAMES for _, fields in lines):
                return place, ()
            return None, (f"The column '{name}' names neither train nor test and is not used.",)
    return None, ()


def _split_of(path: Path, number: int, value: str) -> str:
    if (split := SPLIT_NAMES.get(value.lower())) is None:
        raise _in_row(path, number, f"'{value}' is no split", "Use train, validation and test.")
    return split


def _as_path(text: str) -> str:
    """A path with "/" between its parts and without "." in it, also from Windows."""
    return posixpath.normpath(text.replace("\\", "/"))


def _without_repeats(path: Path, rows: list[_Row]) -> tuple[list[_Row], dict[str, str]]:
    """One row a file, and {repeated row: why it is left alone}."""
    first: dict[str, _Row] = {}
    repeated = {}
    for row in rows:
        known = first.setdefault(row.path, row)
        if known is row:
            continue
        if known[2:] != row[2:]:
            said = "labels" if known.label != row.label else "groups or splits"
            raise _in_row(path, row.number, f"'{row.path}' has other {said} in line {known.number}")
        repeated[f"line {row.number}"] = f"it repeats line {known.number} ({row.path})"
    return list(first.values()), repeated


def _check_files(path: Path, rows: list[_Row]) -> None:
    missing = [row for row in rows if not (path.parent / row.path).is_file()]
    if missing:
        raise DataError(
            f"{len(missing):,} of {len(rows):,} rows name files that are not there:"
            f" {listed(row.path for row in missing)}",
            where=f"{path}, line {missing[0].number}",
            mend=f"Paths in the table start from its folder, {path.parent.resolve()}.",
        )


def _files_without_rows(path: Path, rows: list[_Row]) -> dict[str, str]:
    """{folder + "/": how many pictures in it no row names}, for folders that some row names."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        folder, name = posixpath.split(row.path)
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


def _in_row(path: Path, number: int, what: str, mend: str = "Correct this line.") -> DataError:
    return DataError(what, where=f"{path}, line {number}", mend=mend)


class _BesideTable(Store):
    """Files by the paths that a table gives: from its folder, or absolute."""

    listing = Listing((), frozenset(), {})

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def size_bytes(self, path: str) -> int:
        return (self.folder / path).stat().st_size

    def read_whole(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()
