"""A table as names of columns and rows of cells, whichever file it came from.

`Table` is what CSV, JSON lines and Parquet have in common; what its columns mean is in `columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from linnaeus.errors import DataError

__all__ = ["Cell", "Row", "Table", "as_text"]

Cell = str | int | float | bool | tuple[str, ...] | None
"""One value; None where there is none. A tuple is a list of texts, which only labels may be."""


class Row(NamedTuple):
    """One row: its number in the file, for people, and its cells, one a column."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """Rows under named columns.

    `where`: names the file in errors. `unit`: what `Row.number` counts, "line" or "row". `typed`:
    whether the file tells numbers from text; where it does not (CSV), every cell is text.
    """

    where: str
    header: Sequence[str]
    rows: Sequence[Row]
    typed: bool
    unit: str = "line"

    def place(self, number: int) -> str:
        """Where row `number` is, for an error."""
        return f"{self.where}, {self.unit} {number:,}"

    def texts(self, place: int) -> list[str]:
        """The column at `place` as texts, "" where a cell is empty. Raises DataError on lists."""
        return [self.text(row, place) for row in self.rows]

    def text(self, row: Row, place: int) -> str:
        """One cell as text. Raises DataError when it is a list."""
        cell = row.cells[place]
        if isinstance(cell, tuple):
            raise self.nested(row.number, self.header[place])
        return as_text(cell)

    def nested(self, number: int, column: str) -> DataError:
        """The error for a cell that holds more than one value."""
        return nested_values(self.place(number), column)


def nested_values(where: str, column: str) -> DataError:
    """The error for a column whose values hold values themselves."""
    return DataError(
        f"the column '{column}' holds lists or records, not single values",
        where=where,
        mend="Spread it over plain columns, or take it out; only labels may be lists of texts.",
    )


def as_text(cell: Cell) -> str:
    """A cell as CSV would hold it: "" for None, "True" and "False", numbers as Python writes them.

    >>> [as_text(cell) for cell in (None, True, 3, 0.5, " a ")]
    ['', 'True', '3', '0.5', 'a']
    """
    return "" if cell is None else str(cell).strip()
