"""Where objects are in pictures, from a table: for the pointing game."""

from __future__ import annotations

import csv
from pathlib import Path

from linnaeus.errors import DataError
from linnaeus.explanation.faithfulness import Box

__all__ = ["read_boxes"]

COLUMNS = ("image", "left", "top", "right", "bottom")


def read_boxes(file: Path) -> dict[str, list[Box]]:
    """The boxes of each picture, by its name in the table, in pixels of the picture as it lies.

    A picture may have several rows. Raises DataError naming the line that cannot be read.
    """
    boxes: dict[str, list[Box]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise DataError(
                    f"the table has no column {missing[0]!r}",
                    where=str(file),
                    mend=f"Name the columns {', '.join(COLUMNS)}.",
                )
            for number, row in enumerate(rows, start=2):
                boxes.setdefault(row["image"], []).append(_box(row, file, number))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the table cannot be read ({error})", where=str(file)) from None
    return boxes


def _box(row: dict[str, str], file: Path, number: int) -> Box:
    try:
        left, top, right, bottom = (round(float(row[name])) for name in COLUMNS[1:])
    except (TypeError, ValueError):
        left = top = right = bottom = 0
    if not (0 <= left < right and 0 <= top < bottom):
        raise DataError(
            "this is no box: left and top have to be less than right and bottom, in pixels",
            where=f"{file}, line {number}",
            mend="Correct the line, or leave it out.",
        )
    return left, top, right, bottom
