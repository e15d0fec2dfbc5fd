"""The picture files in a folder and below it, where nothing says what they show."""

from __future__ import annotations

from pathlib import Path

from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES

__all__ = ["pictures_below"]


def pictures_below(folder: Path) -> tuple[Path, ...]:
    """The files in `folder` and below it whose names end like a picture's, in order.

    Raises DataError where there is none.
    """
    inside = sorted(file for file in folder.rglob("*") if file.is_file())
    pictures = tuple(file for file in inside if file.suffix.lower() in IMAGE_SUFFIXES)
    if not pictures:
        raise DataError(
            "no pictures are in this folder",
            where=str(folder),
            mend="Name a folder that holds some; their names must end in .jpg, .png or the like.",
        )
    return pictures
