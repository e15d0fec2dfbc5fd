"""Where objects are in pictures, from a table: for the pointing game."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from linnaeus.errors import DataError, UsageError
from linnaeus.explanation.faithfulness import Box
from linnaeus.written_numbers import number_in

__all__ = ["boxes_of", "read_boxes"]

COLUMNS = ("image", "left", "top", "right", "bottom")


def read_boxes(file: Path) -> dict[str, list[Box]]:
    """The boxes of each picture, by its name in the table, in pixels of the upright picture.

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
                boxes.setdefault(Path(row["image"]).as_posix(), []).append(_box(row, file, number))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the table cannot be read ({error})", where=str(file)) from None
    return boxes


def boxes_of(boxes: dict[str, list[Box]], pictures: list[str]) -> list[list[Box]]:
    """The boxes of each of `pictures`, by its path or the end of it, such as "rings/3.png".

    Raises UsageError where the table has no box for a picture, or one name for two of them.
    """
    taken: dict[str, str] = {}
    found = []
    for picture in pictures:
        parts = Path(picture).parts
        ends = (Path(*parts[start:]).as_posix() for start in range(len(parts)))
        name = next((end for end in ends if end in boxes), None)
        if name is None:
            raise UsageError("the table has no box for it", where=picture, mend="Add one.")
        if taken.setdefault(name, picture) != picture:
            raise UsageError(
                f"the table calls it {name!r}, and so it does {taken[name]}",
                where=picture,
                mend="Name the folders too, such as rings/3.png.",
            )
        found.append(boxes[name])
    return found


def _box(row: dict[str, str], file: Path, number: int) -> Box:
    numbers = [number_in(row[name] or "") for name in COLUMNS[1:]]
    sides = [round(one) for one in numbers if one is not None and math.isfinite(one)]
    left, top, right, bottom = sides if len(sides) == len(numbers) else (0, 0, 0, 0)
    if not (0 <= left < right and 0 <= top < bottom):
        raise DataError(
            "this is no box: left and top have to be less than right and bottom, in pixels",
            where=f"{file}, line {number}",
            mend="Correct the line, or leave it out.",
        )
    return left, top, right, bottom
