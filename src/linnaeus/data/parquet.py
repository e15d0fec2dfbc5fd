"""Parquet files as tables, through pyarrow, which the `data` extra brings.

Pictures that stand in the table itself are in `embedded`.
"""

from __future__ import annotations

import datetime
import decimal
import importlib
import io
import json
import math
from typing import Any

from linnaeus.data.rows import Cell, Row, Table, nested_values
from linnaeus.errors import DataError, MissingError

__all__ = ["class_names", "damaged", "opened_parquet", "parquet_cell", "pyarrow", "read_parquet"]


def read_parquet(content: bytes, where: str) -> Table:
    """The table in `content`, with the types that the file gives.

    Columns of Hugging Face's ClassLabel give the names, not the positions. Dates are texts as
    ISO 8601 writes them, NaN is an empty cell. Rows count from 1.

    Raises MissingError without pyarrow, DataError when the file is damaged or holds records.
    """
    opened = opened_parquet(io.BytesIO(content), where)
    names = class_names(opened.schema_arrow)
    try:
        table = opened.read()
        columns = [column.to_pylist() for column in table.columns]
    except (pyarrow().ArrowException, OSError, ValueError) as error:
        raise damaged(where, error) from None
    if not table.num_rows:
        raise DataError("the table has no rows", where=where, mend="It needs one row a picture.")
    cells = [
        [
            parquet_cell(value, f"{where}, row {n:,}", column, names.get(column))
            for n, value in enumerate(values, start=1)
        ]
        for column, values in zip(table.column_names, columns, strict=True)
    ]
    rows = [Row(n, row) for n, row in enumerate(zip(*cells, strict=True), start=1)]
    return Table(where, table.column_names, rows, typed=True, unit="row")


def opened_parquet(file: Any, where: str) -> Any:
    """A `pyarrow.parquet.ParquetFile` of a file or a file object.

    Raises MissingError without pyarrow, DataError when it is damaged.
    """
    arrow = pyarrow()
    try:
        return importlib.import_module("pyarrow.parquet").ParquetFile(file)
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise damaged(where, error) from None


def pyarrow() -> Any:
    """The module pyarrow; raises MissingError where it is not installed."""
    try:
        return importlib.import_module("pyarrow")
    except ImportError:
        raise MissingError(
            "Parquet is read and written by pyarrow, which is not installed",
            mend='Install it: pip install "linnaeus[data]".',
        ) from None


def class_names(schema: Any) -> dict[str, list[str]]:
    """{column: names} of the columns that Hugging Face's datasets marked as ClassLabel."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}  # not written by that library, which is nothing wrong


def parquet_cell(value: Any, where: str, column: str, names: list[str] | None) -> Cell:
    """A value as pyarrow gives it, as a cell.

    Raises DataError on records, bytes and lists of them, and on positions beyond `names`.
    """
    if isinstance(value, int) and names is not None:
        return _name_at(value, where, column, names)
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return tuple(str(one) for one in value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise nested_values(where, column)


def _name_at(position: int, where: str, column: str, names: list[str]) -> str | None:
    """The name of a class; None for a negative position, datasets' mark for "no label"."""
    if position < len(names):
        return names[position] if position >= 0 else None
    raise DataError(
        f"the column '{column}' holds {position}, but names only {len(names)} classes",
        where=where,
        mend="Write the table anew with the names of all classes.",
    )


def damaged(where: str, error: Exception) -> DataError:
    """The error for a file that pyarrow cannot read."""
    reason = " ".join(str(error).split())
    return DataError(
        f"the Parquet file is damaged or not whole ({reason})",
        where=where,
        mend="Download or copy it again.",
    )
