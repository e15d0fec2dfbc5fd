"""Which column of a table means what: the user's word for it, or a guess from its name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from linnaeus.counted import counted
from linnaeus.data.dataset import Column
from linnaeus.data.gather import Entry
from linnaeus.data.layout import SPLIT_NAMES
from linnaeus.data.metadata import as_column, number_as_text
from linnaeus.data.one_spelling import one_spelling
from linnaeus.data.rows import Cell, Row, Table, as_text
from linnaeus.data.separators import likely_separator
from linnaeus.errors import DataError, UsageError

__all__ = [
    "IMAGE_NAMES",
    "LABEL_NAMES",
    "SPLIT_COLUMN_NAMES",
    "Columns",
    "Reading",
    "as_path",
    "find_column",
    "fitting_columns",
    "group_place",
    "kept_metadata",
    "label_places",
    "read_columns",
]

IMAGE_NAMES = (
    "path file filename file_name filepath file_path image image_path image_file image_name"
    " img img_path picture photo".split()
)
LABEL_NAMES = "label class category target class_name label_name species labels y".split()
SPLIT_COLUMN_NAMES = "split subset partition fold set".split()
INDICATORS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
WITH_EMPTY_FRACTION = re.compile(r"(-?(?:0|[1-9]\d*))\.0+", re.ASCII)


class Columns(NamedTuple):
    """The columns of a table that the user named; None or () where they are to be guessed.

    `separator`: what stands between the labels of one cell; None where a cell is one label.
    """

    image: str | None = None
    labels: tuple[str, ...] = ()
    group: str | None = None
    split: str | None = None
    separator: str | None = None

    @classmethod
    def named(
        cls,
        image: str | None,
        label: str | Sequence[str] | None,
        group: str | None,
        split: str | None,
        separator: str | None,
    ) -> Columns:
        """From what the user gave; raises UsageError for an empty separator."""
        if separator is not None and not separator.strip():
            raise UsageError(
                "nothing cannot part labels",
                where="--label-separator",
                mend="Give the text between two labels, such as '|'.",
            )
        labels = (label,) if isinstance(label, str) else tuple(label or ())
        return cls(image, labels, group, split, separator)


class Reading(NamedTuple):
    """A table understood.

    `numbers` and `entries`: of each row, its number in the file and what it says; `rest`: places of
    the columns that mean nothing here, and are kept as metadata. `label_sets`: entries have any
    number of labels. `classes`: known whether or not a picture shows them. `label_columns`: names;
    none where a table needs no labels and has none. `grouped`, `parted`: there is a column of
    groups, of splits.
    """

    table: Table
    numbers: list[int]
    entries: list[Entry]
    rest: dict[str, int]
    label_sets: bool
    classes: tuple[str, ...]
    label_columns: tuple[str, ...]
    grouped: bool
    parted: bool
    notes: tuple[str, ...]

    def same(self, row: int, other: int) -> bool:
        """Whether two rows say the same, whatever they call the picture."""
        says = [self.entries[place]._replace(path="") for place in (row, other)]
        cells = [
            [self.table.rows[place].cells[column] for column in self.rest.values()]
            for place in (row, other)
        ]
        return says[0] == says[1] and cells[0] == cells[1]


class _Labels(NamedTuple):
    """The labels of each row; `by_set` where there may be any number of them."""

    rows: Sequence[tuple[str, ...]]
    by_set: bool = False
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_columns(table: Table, columns: Columns, *, unlabelled: bool = False) -> Reading:
    """Understand a table. Raises DataError when a column or a value in one is missing.

    `unlabelled`: it may be without labels, where none are named.

    A split column is used when it is named, or when one is called "split" or the like and holds
    names of splits. Groups are used when their column is named.
    """
    image = find_column(table, columns.image, IMAGE_NAMES, "image")
    places = label_places(table, columns, unlabelled)
    group = group_place(table, columns.group)
    split, split_notes = split_place(table, columns.split)
    paths = [as_path(filled(table, row, image)) for row in table.rows]
    labels = read_labels(table, places, columns.separator)
    splits = [""] * len(paths) if split is None else read_splits(table, split)
    groups = [""] * len(paths) if group is None else read_groups(table, group)
    rest, rest_notes = kept_columns(table, {image, *places, group, split})
    return Reading(
        table,
        [row.number for row in table.rows],
        [Entry(*e) for e in zip(paths, labels.rows, splits, groups, strict=True)],
        rest,
        labels.by_set,
        labels.classes,
        tuple(table.header[place] for place in places),
        group is not None,
        split is not None,
        (*split_notes, *labels.notes, *rest_notes),
    )


def kept_metadata(rows: Sequence[tuple[Reading, int] | None]) -> dict[str, Column]:
    """{column: (len(rows),) its values} of the columns without a meaning here.

    `rows`: what was read and the row in it, of one table or several; None has only empty cells.
    """
    readings = list({id(found[0]): found[0] for found in rows if found}.values())
    typed = all(reading.table.typed for reading in readings)
    names = dict.fromkeys(name for reading in readings for name in reading.rest)
    return {name: as_column([_cell(name, found) for found in rows], typed=typed) for name in names}


def find_column(table: Table, named: str | None, guesses: Sequence[str], what: str) -> int:
    """The place of a column, by the user's name for it or by the first guess that fits."""
    fitting = fitting_columns(table, named, guesses)
    if len(fitting) == 1:
        return fitting[0]
    article = "an" if what[0] in "aeiou" else "a"
    problem = f"no column has a name that {article} {what} column usually has"
    if fitting:
        problem = f"two columns are called '{table.header[fitting[0]]}'"
    elif named is not None:
        problem = f"there is no column '{named}'"
    raise DataError(
        problem,
        where=table.where,
        mend=f"The columns are {', '.join(table.header)}; name the right one with --{what}-column.",
    )


def fitting_columns(table: Table, named: str | None, guesses: Sequence[str]) -> list[int]:
    """The places of the columns of the name that the user gave, or of the first guess that fits."""
    if named is not None:
        return [place for place, name in enumerate(table.header) if name == named]
    plain = [_plain(name) for name in table.header]
    guess = next((guess for guess in guesses if guess in plain), None)
    return [place for place, name in enumerate(plain) if name == guess]


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def label_places(table: Table, columns: Columns, unlabelled: bool) -> list[int]:
    """The places of the label columns, as named or guessed.

    Raises DataError where two columns may be meant, and contradict each other.
    """
    if columns.labels:
        return [find_column(table, name, (), "label") for name in dict.fromkeys(columns.labels)]
    if unlabelled and len(fitting_columns(table, None, LABEL_NAMES)) != 1:
        return []
    place = find_column(table, None, LABEL_NAMES, "label")
    _refuse_other_labels(table, place)
    return [place]


def _refuse_other_labels(table: Table, place: int) -> None:
    """Raise DataError where another column that may be of labels contradicts that at `place`."""
    for other, name in enumerate(table.header):
        if other == place or _plain(name) not in LABEL_NAMES:
            continue
        if (row := _contradiction(table, place, other)) is not None:
            raise DataError(
                f"the columns '{table.header[place]}' and '{name}' may both be the labels, and say"
                " different things",
                where=table.place(row.number),
                mend="Name the right one with --label-column.",
            )


def _contradiction(table: Table, place: int, other: int) -> Row | None:
    """The first row where two columns of the same labels differ; None where there is none."""
    ours, theirs = ([_said(row.cells[at]) for row in table.rows] for at in (place, other))
    if not _of_the_same(ours, theirs):
        return None
    rows = zip(table.rows, ours, theirs, strict=True)
    return next((row for row, our, their in rows if our and their and our != their), None)


def _of_the_same(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two columns (n,) are of the same labels, by what they say; "" says nothing.

    They share half of what either of them says. Numbers do so by chance, the number of a class and
    the y of a point, say: two columns of numbers also say exactly the same numbers, or agree in
    half of the rows. Others tell of something else.
    """
    one, other = set(ours) - {""}, set(theirs) - {""}
    if 2 * len(one & other) < max(1, len(one | other)):
        return False
    if one == other or not (_are_numbers(one) and _are_numbers(other)):
        return True
    agreeing = [our == their for our, their in zip(ours, theirs, strict=True) if our and their]
    return 2 * sum(agreeing) >= len(agreeing)


def _are_numbers(texts: set[str]) -> bool:
    return as_column(sorted(texts), typed=False).dtype == np.float64


def _said(cell: Cell) -> str:
    """What a cell says, 1.0 as 1: which of the two a program writes, empty cells decide."""
    return _in_one_spelling(as_text(cell))


def group_place(table: Table, named: str | None) -> int | None:
    """The place of the column of groups, which is never guessed: None where none is named."""
    return None if named is None else find_column(table, named, (), "group")


def read_labels(table: Table, places: Sequence[int], separator: str | None) -> _Labels:
    """The labels of every row, from one column or several.

    Several columns of nothing but 0 and 1 tell which of their names a picture is; where each row
    has exactly one 1, that is its one label. Other columns together give labels "column=value".
    """
    if not places:
        return _Labels([()] * len(table.rows))
    if len(places) == 1:
        return _of_one_column(table, places[0], separator)
    if separator is not None:
        raise UsageError(
            "labels come from several columns, so there is nothing to be parted in one",
            where="--label-separator",
            mend="Name one label column, or leave the separator out.",
        )
    texts = {table.header[place]: table.texts(place) for place in places}
    said = {text.lower() for column in texts.values() for text in column}
    if said - {""} and said - {""} <= INDICATORS.keys():
        if "" in said:
            raise _empty_indicator(table, texts)
        return _of_indicators(texts)
    by_row = zip(*texts.values(), strict=True)
    rows = [
        tuple(one_spelling(f"{name}={text}") for name, text in zip(texts, row, strict=True) if text)
        for row in by_row
    ]
    return _Labels(rows, by_set=True)


def read_groups(table: Table, place: int) -> list[str]:
    """The group of every row, "" where it has none; 1.0 is the group 1.

    A program that meets an empty cell writes all whole numbers of its column with a fraction, and
    one patient of two tables would be two. Each cell is judged for itself: what its column holds
    besides may differ between the parts of one data set.
    """
    cells = (row.cells[place] for row in table.rows)
    return [
        number_as_text(cell) if isinstance(cell, float) else _in_one_spelling(text)
        for cell, text in zip(cells, table.texts(place), strict=True)
    ]


def _in_one_spelling(text: str) -> str:
    whole = WITH_EMPTY_FRACTION.fullmatch(text)
    return whole[1] if whole else one_spelling(text)


def read_splits(table: Table, place: int) -> list[str]:
    """The split of every row. Raises DataError at a value that is none."""
    splits = []
    for row in table.rows:
        value = table.text(row, place)
        if (split := SPLIT_NAMES.get(value.lower())) is None:
            raise DataError(
                f"'{value}' is no split",
                where=table.place(row.number),
                mend="Use train, validation and test.",
            )
        splits.append(split)
    return splits


def split_place(table: Table, named: str | None) -> tuple[int | None, tuple[str, ...]]:
    """The place of the split column, if any, and notes.

    A column that is called "split" or the like and holds none of the splits' names (numbers of
    folds, perhaps) is not used as one, and that is noted.
    """
    if named is not None:
        return find_column(table, named, (), "split"), ()
    for place, name in enumerate(table.header):
        if name.lower() in SPLIT_COLUMN_NAMES:
            if any(text.lower() in SPLIT_NAMES for text in table.texts(place)):
                return place, ()
            return None, (f"The column '{name}' names neither train nor test and is not used.",)
    return None, ()


def kept_columns(table: Table, used: set[int | None]) -> tuple[dict[str, int], tuple[str, ...]]:
    """{name: place} of the columns not `used`, and notes on those that cannot be kept."""
    unused = [place for place in range(len(table.header)) if place not in used]
    names = [table.header[place] for place in unused]
    kept = {n: p for n, p in zip(names, unused, strict=True) if n and names.count(n) == 1}
    notes = []
    if without := sum(not name for name in names):
        told = "1 column without a name is" if without == 1 else f"{without} without names are"
        notes.append(f"{told} not kept.")
    doubled = dict.fromkeys(name for name in names if name and names.count(name) > 1)
    notes += [f"Several columns are called '{name}'; none of them is kept." for name in doubled]
    return kept, tuple(notes)


def as_path(text: str) -> str:
    """A path with "/" between its parts and without "." in it, also from Windows."""
    return posixpath.normpath(text.replace("\\", "/"))


def filled(table: Table, row: Row, place: int) -> str:
    """A cell as text. Raises DataError when it is empty."""
    if text := table.text(row, place):
        return text
    raise DataError(
        f"the column '{table.header[place]}' is empty",
        where=table.place(row.number),
        mend=f"Correct this {table.unit}.",
    )


def _cell(name: str, found: tuple[Reading, int] | None) -> Cell:
    """A row's cell in the column `name`, None where it has none. Raises DataError on lists."""
    if found is None or (place := found[0].rest.get(name)) is None:
        return None
    table, row = found[0].table, found[0].table.rows[found[1]]
    cell = row.cells[place]
    if isinstance(cell, tuple):
        raise table.nested(row.number, name)
    return cell


def _of_one_column(table: Table, place: int, separator: str | None) -> _Labels:
    cells = [row.cells[place] for row in table.rows]
    if any(isinstance(cell, tuple) for cell in cells):
        listed = [c if isinstance(c, tuple) else (as_text(c),) for c in cells]
        return _Labels([_distinct(labels) for labels in listed], by_set=True)
    if separator is not None:
        return _Labels([_distinct(as_text(c).split(separator)) for c in cells], by_set=True)
    rows = [(one_spelling(filled(table, row, place)),) for row in table.rows]
    return _Labels(rows, notes=_hint_at_separator(table.header[place], rows))


def _hint_at_separator(column: str, rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    labels = [label for (label,) in rows]
    separator = likely_separator(labels)
    if separator is None:
        return ()
    count = sum(separator in label for label in labels)
    told = (
        f"In {counted(count, 'row')} the column '{column}' has '{separator}' in it, which is taken"
        f" as part of the name; if it parts several labels, give --label-separator '{separator}'."
    )
    return (told,)


def _of_indicators(texts: Mapping[str, list[str]]) -> _Labels:
    names = [one_spelling(name) for name in texts]
    rows = [
        tuple(name for name, text in zip(names, row, strict=True) if INDICATORS[text.lower()])
        for row in zip(*texts.values(), strict=True)
    ]
    if all(len(labels) == 1 for labels in rows):
        return _Labels(rows)
    return _Labels(rows, by_set=True, classes=tuple(names))


def _empty_indicator(table: Table, texts: Mapping[str, list[str]]) -> DataError:
    """The error for the first empty cell among columns of 0 and 1: it could mean either."""
    by_row = zip(table.rows, zip(*texts.values(), strict=True), strict=True)
    row, cells = next((row, cells) for row, cells in by_row if "" in cells)
    column = list(texts)[cells.index("")]
    return DataError(
        f"the column '{column}' is empty, where all other cells of the label columns are 0 or 1",
        where=table.place(row.number),
        mend="Write 0 or 1 into every cell of the label columns, or take the picture's"
        f" {table.unit} out.",
    )


def _distinct(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one_spelling(label.strip()) for label in labels if label.strip()))
