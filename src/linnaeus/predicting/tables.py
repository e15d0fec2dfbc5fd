"""Answers as rows of a table on disk, by the ending of its name: CSV, JSON lines or Parquet.

Rows are written so that a file that broke off can be gone on with: what of it is whole can be told
without knowing anything else. Parquet cannot be written bit by bit, so its rows are kept as JSON
lines until all are there.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np

from linnaeus.bundle.predictions import Prediction
from linnaeus.bundle.table import as_csv, likeliest, table_header, table_row
from linnaeus.data.store import printable
from linnaeus.errors import UsageError
from linnaeus.files import finish_whole
from linnaeus.predicting.asked import Answered

__all__ = ["KeptRow", "RowFormat", "row_format"]


class KeptRow(NamedTuple):
    """A row that is whole in a file: its picture, why that could not be read, the label given.

    `withheld`: whether that was not sure enough. `changed`: whether the picture may have been
    changed on purpose. `end`: where in the file the row ends, in bytes.
    """

    name: str
    error: str
    given: str
    withheld: bool
    changed: bool
    end: int


class RowFormat(Protocol):
    """How rows are written, and found again."""

    def head(self, nothing: Answered) -> bytes:
        """What stands before the rows; `nothing` is an answer about no pictures."""

    def rows(self, answered: Answered) -> bytes:
        """The rows of some pictures."""

    def kept(self, file: BinaryIO) -> Iterator[KeptRow]:
        """The rows that are whole in `file`, which begins with the head and may end anywhere."""

    def finish(self, part: Path, path: Path) -> None:
        """Make of all rows, in `part`, the table at `path`. Raises WriteError."""


def row_format(path: Path, top: int | None = None) -> RowFormat:
    """The format that the ending of `path` asks for; with `top`, of the likeliest classes only.

    Raises UsageError for another ending, MissingError for Parquet where pyarrow is missing.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return Csv(top)
    if suffix in (".jsonl", ".ndjson"):
        return JsonLines(top)
    if suffix == ".parquet":
        from linnaeus.predicting.parquet import Parquet

        return Parquet(top)
    raise UsageError(
        f'answers are not written to files that end in "{suffix}"',
        where=f"--out {path}",
        mend="Name a file that ends in .csv, .jsonl or .parquet.",
    )


class Csv:
    """The columns of `bundle.table.write_csv`."""

    def __init__(self, top: int | None) -> None:
        self._top = top

    def head(self, nothing: Answered) -> bytes:
        """The line of column names."""
        header = table_header(nothing.predictions, nothing.promised, self._top)
        return _encoded(as_csv([header]))

    def rows(self, answered: Answered) -> bytes:
        """A line a picture, but for line breaks in names."""
        _, predictions, promised = answered
        places = range(len(predictions))
        rows = [table_row(predictions, place, promised, self._top) for place in places]
        return _encoded(as_csv(rows))

    def kept(self, file: BinaryIO) -> Iterator[KeptRow]:
        """Rows end with a line that has closed all quotation marks."""
        header: list[str] = []
        end, pending = 0, b""
        for line in file:
            pending += line
            if not line.endswith(b"\n") or pending.count(b'"') % 2:
                continue
            end += len(pending)
            (cells,) = csv.reader([pending.decode()], strict=True)
            pending = b""
            if not header:
                header = cells
                continue
            row = dict(zip(header, cells, strict=True))
            withheld, changed = (row.get(name) == "yes" for name in ("withheld", "changed"))
            yield KeptRow(row["image"], row["error"], row["prediction"], withheld, changed, end)

    def finish(self, part: Path, path: Path) -> None:
        """It is the table already."""
        finish_whole(part, path)


class JsonLines:
    """An object a line: image, prediction, confidence, error, notes and what was asked for.

    Numbers that there are none of are null. Several labels are a list under `labels`.
    """

    def __init__(self, top: int | None) -> None:
        self._top = top

    def head(self, nothing: Answered) -> bytes:
        """Nothing."""
        return b""

    def rows(self, answered: Answered) -> bytes:
        """A line a picture."""
        places = range(len(answered.predictions))
        records = [_record(answered, place, self._top) for place in places]
        lines = [json.dumps(one, ensure_ascii=False, allow_nan=False) for one in records]
        return _encoded("".join(f"{line}\n" for line in lines))

    def kept(self, file: BinaryIO) -> Iterator[KeptRow]:
        """Rows end with their line."""
        end = 0
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            row = json.loads(line)
            given = row["prediction"] or ""
            withheld, changed = (bool(row.get(name)) for name in ("withheld", "changed"))
            yield KeptRow(row["image"], row["error"] or "", given, withheld, changed, end)

    def finish(self, part: Path, path: Path) -> None:
        """It is the table already."""
        finish_whole(part, path)


def _record(answered: Answered, place: int, top: int | None) -> dict[str, Any]:
    predictions = answered.predictions
    one = predictions[place]
    record: dict[str, Any] = {
        "image": printable(one.id),  # as whoever goes on with the table looks for it
        "prediction": None if one.error else one.label,
        "confidence": None if math.isnan(one.confidence) else _shortest(np.float32(one.confidence)),
        "error": printable(one.error) or None,
        "notes": list(one.notes),
    }
    if predictions.thresholds is not None:
        record["labels"] = list(one.labels)
    if predictions.familiar is not None:
        record["familiarity"] = None if math.isnan(one.familiarity) else one.familiarity
    if predictions.moved is not None:
        record["moved"] = None if one.error else one.moved
        record["changed"] = None if one.error else one.changed
    record |= _promises(answered, place, one)
    row = predictions.probabilities[place]
    pairs = likeliest(row, predictions.classes, top or len(row))
    if top is not None:
        told = [{"label": name, "probability": _shortest(p)} for name, p in pairs]
        return record | {"top": [] if one.error else told}
    numbers = None if one.error else [_shortest(p) for p in row]
    probabilities = numbers and dict(zip(predictions.classes, numbers, strict=True))
    return record | {"probabilities": probabilities}


def _promises(answered: Answered, place: int, one: Prediction) -> dict[str, Any]:
    promised = answered.promised
    record: dict[str, Any] = {}
    if promised.inside is not None:
        record["set"] = promised.labels(place, answered.predictions.classes)
    if promised.given is not None:
        told = one.error or one.unknown
        record["withheld"] = None if told else promised.withheld(place)
    return record


def _shortest(value: Any) -> float:
    """A float32 as the number with the fewest digits that reads back to it."""
    return float(str(value))


def _encoded(text: str) -> bytes:
    """As `files.write_whole` writes text: names that are no Unicode are spelt out."""
    return text.encode("utf-8", "backslashreplace")
