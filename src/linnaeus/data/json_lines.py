"""JSON lines as tables: one object a line, its keys the columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from linnaeus.data.delimited import decoded
from linnaeus.data.rows import Cell, Row, Table, nested_values
from linnaeus.data.store import printable
from linnaeus.errors import DataError

__all__ = ["plain_cell", "read_json_lines"]


def read_json_lines(content: bytes, where: str) -> Table:
    """The table in `content`: its columns are all keys, in the order in which they first come.

    A key that a line lacks is an empty cell. Raises DataError when a line is no JSON object, holds
    objects or lists of anything but texts, or there is none.
    """
    lines = enumerate(decoded(content, where).split("\n"), start=1)
    records = [(n, _record(line, f"{where}, line {n:,}")) for n, line in lines if line.strip()]
    if not records:
        raise DataError(
            "the table is empty", where=where, mend="It needs one JSON object a line and picture."
        )
    header = list(dict.fromkeys(key for _, record in records for key in record))
    rows = [
        Row(n, [plain_cell(record.get(key), f"{where}, line {n:,}", key) for key in header])
        for n, record in records
    ]
    return Table(where, header, rows, typed=True)


def plain_cell(value: Any, where: str, column: str) -> Cell:
    """A JSON value as a cell: NaN counts as empty, a list of plain values as texts.

    Raises DataError on objects and on lists of lists or objects.
    """
    if isinstance(value, str):
        return printable(value)  # JSON can spell halves of characters, which no file takes
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, list) and all(isinstance(v, str | bool | int | float) for v in value):
        return tuple(printable(str(v)) for v in value)
    raise nested_values(where, column)


def _record(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise DataError(
            f"the line is no JSON ({reason})", where=where, mend="Write one JSON object a line."
        ) from None
    if not isinstance(record, dict):
        raise DataError(
            "the line is JSON, but no object of columns and values",
            where=where,
            mend='Write one object a line, such as {"path": "a.jpg", "label": "cat"}.',
        )
    return record
