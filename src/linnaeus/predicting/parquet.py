"""Answers as a Parquet file, through pyarrow, which the `data` extra brings."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from linnaeus.data.parquet import pyarrow
from linnaeus.files import whole_file
from linnaeus.predicting.asked import Answered
from linnaeus.predicting.tables import JsonLines, KeptRow

__all__ = ["Parquet"]

ROWS_A_GROUP = 20_000
"""Rows that are held in memory at a time, and make a row group: with ten classes about 2 MB."""


class Parquet:
    """JSON lines while answers come; in the end typed columns, `p:CLASS` float32 for each class.

    `notes`, `set` and `labels` are lists of texts. With `top`, columns `top1` and `p1`, `top2` and
    `p2`, … take the place of the classes'. Raises MissingError where pyarrow is missing.
    """

    def __init__(self, top: int | None) -> None:
        pyarrow()
        self._lines = JsonLines(top)
        self._top = top
        self._schema: Any = None

    def head(self, nothing: Answered) -> bytes:
        """Nothing; the columns are kept for the end."""
        self._schema = _schema(nothing, self._top)
        return self._lines.head(nothing)

    def rows(self, answered: Answered) -> bytes:
        """As JSON lines."""
        return self._lines.rows(answered)

    def kept(self, file: BinaryIO) -> Iterator[KeptRow]:
        """As of JSON lines."""
        return self._lines.kept(file)

    def finish(self, part: Path, path: Path) -> None:
        """Write the rows in `part` as columns. Raises WriteError."""
        arrow = pyarrow()
        writing = importlib.import_module("pyarrow.parquet").ParquetWriter
        with (
            whole_file(path) as aside,
            part.open("rb") as lines,
            writing(aside, self._schema) as writer,
        ):
            while records := [json.loads(line) for line in islice(lines, ROWS_A_GROUP)]:
                flat = [_flat(record) for record in records]
                writer.write_table(arrow.Table.from_pylist(flat, schema=self._schema))
        part.unlink()


def _schema(nothing: Answered, top: int | None) -> Any:
    arrow, classes = pyarrow(), nothing.predictions.classes
    text, number = arrow.string(), arrow.float32()
    columns = {
        "image": text,
        "prediction": text,
        "confidence": number,
        "error": text,
        "notes": arrow.list_(text),
    }
    if nothing.predictions.thresholds is not None:
        columns["labels"] = arrow.list_(text)
    if nothing.predictions.familiar is not None:
        columns["familiarity"] = arrow.float64()
    if nothing.predictions.moved is not None:
        columns |= {"moved": arrow.float64(), "changed": arrow.bool_()}
    if nothing.promised.inside is not None:
        columns["set"] = arrow.list_(text)
    if nothing.promised.given is not None:
        columns["withheld"] = arrow.bool_()
    if top is None:
        columns |= {f"p:{name}": number for name in classes}
    else:
        pairs = ((f"top{n}", f"p{n}") for n in range(1, top + 1))
        columns |= {key: kind for name, p in pairs for key, kind in ((name, text), (p, number))}
    return arrow.schema(list(columns.items()))


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record of JSON lines with a key a column."""
    probabilities = record.pop("probabilities", None) or {}
    record |= {f"p:{name}": p for name, p in probabilities.items()}
    for place, one in enumerate(record.pop("top", ()), start=1):
        record |= {f"top{place}": one["label"], f"p{place}": one["probability"]}
    return record
