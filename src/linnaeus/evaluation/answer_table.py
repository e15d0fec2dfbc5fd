"""AnswerTable: labels and probabilities that stand in a table, whichever program wrote it.

In goes a CSV, TSV, JSON lines or Parquet file, out come `Predictions`. What may stand in it:
docs/how-to/evaluate.md; its numbers are checked in `given_numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import SEPARATOR, UNKNOWN_LABEL, UNKNOWN_WORD, Predictions
from linnaeus.data.columns import (
    IMAGE_NAMES,
    Columns,
    as_path,
    filled,
    find_column,
    fitting_columns,
    group_place,
    kept_columns,
    label_places,
    read_groups,
)
from linnaeus.data.dataset import Column
from linnaeus.data.metadata import as_column
from linnaeus.data.one_spelling import one_spelling
from linnaeus.data.own_groups import own_groups
from linnaeus.data.rows import Table, as_text
from linnaeus.data.table import looks_like_table, read_table
from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.answer_sets import given_thresholds, label_parts, no_column, true_sets
from linnaeus.evaluation.given_numbers import are_numbers, checked_probabilities, given_numbers
from linnaeus.evaluation.in_100 import number

__all__ = ["AnswerTable", "read_answer_table"]

PREFIX = "p:"
GROUP = "group"
ID_NAMES = (*IMAGE_NAMES, "id", "image_id", "img_id", "sample", "sample_id", "index", "name")
BESIDE_ANSWERS = (
    *("prediction", "confidence", "error", "notes"),
    *("familiarity", "moved", "changed", "set", "withheld"),
)
"""Columns of `predict --out` that are neither labels nor probabilities."""


@dataclass(frozen=True)
class AnswerTable:
    """A table of answers understood: `predictions` and remarks.

    `group_cells`: (n,) what stands in the column of groups, where one was asked for.
    `metadata`: {column: (n,)} of the columns that mean nothing of this, as a `Dataset` has them.
    """

    predictions: Predictions
    group_cells: tuple[str, ...] | None
    remarks: tuple[str, ...]
    metadata: Mapping[str, Column]

    @property
    def groups(self) -> NDArray[np.str_] | None:
        """(n,) the group of each picture, one of its own where the cell is empty."""
        if self.group_cells is None:
            return None
        alone = (f"alone {at}" for at in range(len(self.group_cells)))
        return own_groups(self.group_cells, alone)


def read_answer_table(
    path: Path, columns: Columns, beside: Sequence[str] = (), *, fold: str = ""
) -> AnswerTable:
    """The answers in the table at `path`: one row a picture, one column of probabilities a class.

    Where some columns are called `p:CLASS`, these are the classes; else all columns of numbers are
    that mean nothing else. A row with a reason under `error` and no probabilities is a picture that
    could not be read; one without a label cannot be judged, and is counted. `beside`: columns that
    tell something else of the pictures, and are no classes though they hold numbers. `fold`: stands
    before the names of pictures that the table itself does not name.

    Raises DataError, with the row, for anything else that cannot be judged as it stands, and
    UsageError where several label columns are named.
    """
    if not looks_like_table(path):
        raise DataError(
            "a file of this kind is no table of answers",
            where=str(path),
            mend="Give a .csv, .tsv, .jsonl or .parquet file.",
        )
    if len(columns.labels) > 1:
        raise UsageError(
            "the labels of a table of answers stand in one column",
            where="--label-column",
            mend="Name one column, and with --label-separator what stands between several labels.",
        )
    table = read_table(path)
    (label,) = label_places(table, columns, unlabelled=False)
    group = group_place(table, columns.group)
    image = _image_column(table, columns.image)
    labels = [one_spelling(text) for text in table.texts(label)]
    told = {at for at, name in enumerate(table.header) if name in beside}
    several = columns.separator is not None
    parts = label_parts(labels, columns.separator) if columns.separator else None
    named = {one for row in parts for one in row} if parts is not None else set(labels)
    classes = _class_columns(table, {label, group, image, *told}, named)
    unread = _unread(table, list(classes.values()))
    numbers = given_numbers(table, classes, unread)
    probabilities = checked_probabilities(table, classes, numbers, named, several=several)
    ids = _ids(table, image, fold)
    predictions = Predictions(
        ids,
        tuple(classes),
        probabilities,
        np.full(len(ids), UNKNOWN_LABEL, np.int64)
        if several
        else _positions(table, label, labels, list(classes)),
        unread,
    )
    sets_told: tuple[str, ...] = ()
    if parts is not None and columns.separator is not None:
        thresholds, how = given_thresholds(table, classes, probabilities, columns.separator)
        sets = true_sets(table, parts, classes)
        predictions = replace(predictions, thresholds=thresholds, label_sets=sets)
        sets_told = (how, "A picture without a label counts as having none of them.")
    metadata, notes = _metadata(table, {label, group, image, *classes.values()})
    return AnswerTable(
        predictions,
        None if group is None else tuple(read_groups(table, group)),
        (
            *_remarks(table, predictions, image),
            *_unnamed_groups(table, columns, beside),
            *sets_told,
            *notes,
        ),
        metadata,
    )


def _image_column(table: Table, named: str | None) -> int | None:
    """The column that names the pictures; None where none is named so, and rows must do."""
    if named is None and not fitting_columns(table, None, ID_NAMES):
        return None
    return find_column(table, named, ID_NAMES, "image")


def _class_columns(table: Table, taken: set[int | None], labels: set[str]) -> dict[str, int]:
    """{class: place of its column}, in the order of the table."""
    marked = [place for place, name in enumerate(table.header) if name.startswith(PREFIX)]
    places = marked or [
        place
        for place, name in enumerate(table.header)
        if name
        and place not in taken
        and name not in BESIDE_ANSWERS
        and (one_spelling(name) in labels or are_numbers(table, place))
    ]
    names = [one_spelling(table.header[at].removeprefix(PREFIX).strip()) for at in places]
    if "" in names:
        raise DataError(
            f"the column '{table.header[places[names.index('')]]}' names no class",
            where=table.where,
            mend=f"Call it '{PREFIX}CLASS', by the class whose probability it gives.",
        )
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(
            f"two columns give the probability of '{doubled[0]}'",
            where=table.where,
            mend="Keep one column a class.",
        )
    if len(places) < 2:
        raise DataError(
            f"{len(places) or 'no'} column{'' if places else 's'} of probabilities"
            f" {'was' if places else 'were'} found, and judging takes two or more",
            where=table.where,
            mend=f"Add one column a class, called by the class or '{PREFIX}CLASS'; the columns are"
            f" {', '.join(table.header)}.",
        )
    return dict(zip(names, places, strict=True))


def _positions(
    table: Table, column: int, labels: Sequence[str], classes: Sequence[str]
) -> NDArray[np.int64]:
    """(n,) each label's position in `classes`, -1 for an empty cell."""
    if not any(labels):
        raise DataError(
            f"the column '{table.header[column]}' is empty in every row, so nothing can be judged",
            where=table.where,
            mend="Write the true class of each picture there, or name another --label-column.",
        )
    known = {"": UNKNOWN_LABEL, **{name: at for at, name in enumerate(classes)}}
    for row, label in zip(table.rows, labels, strict=True):
        if label not in known:
            raise _strange_label(label, table.place(row.number), classes)
    return np.array([known[label] for label in labels], np.int64)


def _strange_label(label: str, where: str, classes: Sequence[str]) -> DataError:
    if SEPARATOR in label and set(label.split(SEPARATOR)) <= set(classes):
        return DataError(
            f"'{label}' is several labels, and one label a picture is judged",
            where=where,
            mend=f"If that is what it means, say so: --label-separator '{SEPARATOR}'.",
        )
    return no_column(label, where, classes)


def _unread(table: Table, places: Sequence[int]) -> dict[int, str]:
    """{place of a row: why its picture could not be read}."""
    if "error" not in table.header:
        return {}
    column = table.header.index("error")
    return {
        at: reason
        for at, row in enumerate(table.rows)
        if (reason := table.text(row, column))
        and not any(as_text(row.cells[place]) for place in places)
    }


def _ids(table: Table, image: int | None, fold: str) -> tuple[str, ...]:
    """The pictures' names, no two alike; the rows' where no column names them."""
    if image is None:
        return tuple(f"{fold}{table.unit} {row.number}" for row in table.rows)
    first: dict[str, int] = {}
    for row in table.rows:
        name = as_path(filled(table, row, image))
        if (known := first.setdefault(name, row.number)) != row.number:
            raise DataError(
                f"'{name}' stands in {table.unit} {known:,} too, and each picture counts once",
                where=table.place(row.number),
                mend=f"Take one of the two {table.unit}s out.",
            )
    return tuple(first)


def _metadata(table: Table, used: set[int | None]) -> tuple[dict[str, Column], tuple[str, ...]]:
    """The columns that are not `used`, {name: (n,)}, and notes on those that cannot be kept."""
    answers = {at for at, name in enumerate(table.header) if name in BESIDE_ANSWERS}
    kept, notes = kept_columns(table, used | answers)
    listed = [
        name
        for name, at in kept.items()
        if any(isinstance(row.cells[at], tuple) for row in table.rows)
    ]
    columns = {
        name: as_column([row.cells[at] for row in table.rows], typed=table.typed)
        for name, at in kept.items()
        if name not in listed
    }
    lists = [f"The column “{name}” holds lists, and is left alone." for name in listed]
    return columns, (*notes, *lists)


def _remarks(table: Table, predictions: Predictions, image: int | None) -> list[str]:
    """What was decided about the table, as sentences."""
    remarks = [
        "A table cannot tell whether the model learned from these pictures; if so, figures flatter."
    ]
    if image is None:
        remarks.append(f"No column names the pictures, so they go by their {table.unit}.")
    if predictions.label_sets is not None:
        return remarks
    return remarks + _disagreeing(table, predictions)


def _unnamed_groups(table: Table, columns: Columns, beside: Sequence[str]) -> tuple[str, ...]:
    """A remark on a column of that name, as our own tables have it, that is taken for no groups."""
    if columns.group is not None or GROUP in beside or GROUP not in table.header:
        return ()
    if not any(table.texts(table.header.index(GROUP))):
        return ()
    told = (
        f"There is a column “{GROUP}”. If its pictures belong together, say --group-column {GROUP}:"
        " until then each counts as one of its own."
    )
    return (told,)


def _disagreeing(table: Table, predictions: Predictions) -> list[str]:
    """A remark where the table's own answers are not its likeliest classes."""
    if "prediction" not in table.header:
        return []
    said = [one_spelling(text) for text in table.texts(table.header.index("prediction"))]
    no_class = {"", UNKNOWN_WORD} - set(predictions.classes)
    other = sum(
        text not in no_class and at != UNKNOWN_LABEL and text != predictions.classes[at]
        for text, at in zip(said, predictions.decisions.tolist(), strict=True)
    )
    if not other:
        return []
    told = (
        f"In {number(other, 'row')} the column “prediction” names another class than the likeliest"
        " one; the likeliest is what is judged."
    )
    return [told]
