"""CSV and TSV files as tables. The delimiter is found, a byte-order mark is seen through."""

from __future__ import annotations

import codecs
import csv
import io

from linnaeus.counted import counted
from linnaeus.data.rows import Row, Table
from linnaeus.errors import DataError

__all__ = ["decoded", "read_delimited"]

DELIMITERS = ",;\t|"


def read_delimited(content: bytes, where: str) -> Table:
    """The table in `content`; blank lines are passed over, every cell is text without spaces
    around it.

    Raises DataError when it is no UTF-8 or UTF-16 text, has no rows, or a line of other length.
    """
    text = decoded(content, where)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        lines = [Row(reader.line_num, [f.strip() for f in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(
            f"the table cannot be read ({error})",
            where=f"{where}, line {reader.line_num}",
            mend="Save it as CSV once more.",
        ) from None
    if len(lines) < 2:
        raise DataError(
            "the table has no rows" if lines else "the table is empty",
            where=where,
            mend="It needs a line with the names of the columns, and one line a picture.",
        )
    header, *rows = lines
    table = Table(where, [str(name) for name in header.cells], rows, typed=False)
    for row in rows:
        if len(row.cells) != len(table.header):
            raise DataError(
                f"the line has {counted(len(row.cells), 'field')}, the first line names"
                f" {counted(len(table.header), 'column')}",
                where=table.place(row.number),
                mend="Put fields that contain the delimiter in quotation marks.",
            )
    return table


def decoded(
    content: bytes, where: str, what: str = "the table", mend: str = "Save it as 'CSV UTF-8'."
) -> str:
    """UTF-8 or marked UTF-16 as text. Raises DataError when it is neither, which names `what`."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{what} is not UTF-8 text (byte {error.start:,})",
            where=where,
            mend=mend,
        ) from None


def _delimiter(text: str) -> str:
    """The delimiter that parts the first line into most columns."""
    first = next(io.StringIO(text, newline=""), "").rstrip("\r\n")  # old Macs end lines with \r
    return max(DELIMITERS, key=lambda delimiter: _columns(first, delimiter))


def _columns(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter)))
    except csv.Error:  # a line that is too long for one field, which the right delimiter parts
        return 0
