"""The picture files in a folder and below it, where nothing says what they show."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES

__all__ = ["PicturesBelow", "pictures_below"]


class PicturesBelow(NamedTuple):
    """`pictures`: files whose names end like a picture's; `others`: the rest. Both in order."""

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]


def pictures_below(folder: Path) -> PicturesBelow:
    """All files in `folder` and below it. Raises DataError where none of them is a picture."""
    inside = sorted(file for file in folder.rglob("*") if file.is_file())
    pictures = tuple(file for file in inside if file.suffix.lower() in IMAGE_SUFFIXES)
    if not pictures:
        raise DataError(
            "no pictures are in this folder",
            where=str(folder),
            mend="Name a folder that holds some; their names must end in .jpg, .png or the like.",
        )
    return PicturesBelow(pictures, tuple(file for file in inside if file not in set(pictures)))
