"""The pictures in a folder and below it, one sub-folder's names in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from linnaeus.data.store import is_system_folder
from linnaeus.errors import DataError
from linnaeus.images.decode import IMAGE_SUFFIXES
from linnaeus.predicting.picture import Picture, Source

__all__ = ["folder_source", "pictures_in"]

NAMED_AT_MOST = 5


class _Found(NamedTuple):
    """Something below a folder: a picture, or what is left alone (then `picture` is False)."""

    path: Path
    picture: bool


def folder_source(folder: Path) -> Source:
    """The pictures in `folder`: files whose names end like a picture's, in the order of names.

    Links are followed; hidden folders, and those that systems keep their own data in, are not
    entered. Raises DataError where there is none, or where a folder cannot be opened.
    """
    pictures, others = 0, 0
    named: list[str] = []
    for found in _walk(folder, frozenset()):
        if found.picture:
            pictures += 1
            continue
        others += 1
        if len(named) < NAMED_AT_MOST:
            named.append(found.path.relative_to(folder).as_posix())
    if not pictures:
        raise DataError(
            "no pictures are in this folder",
            where=str(folder),
            mend="Name a folder that holds some; their names must end in .jpg, .png or the like.",
        )
    notes = (_left_alone(folder, others, named),) if others else ()
    return Source(lambda: pictures_in(folder), pictures, notes)


def pictures_in(folder: Path) -> Iterator[Picture]:
    """The pictures of `folder_source`, as they are now."""
    for found in _walk(folder, frozenset()):
        if found.picture:
            yield Picture(str(found.path), found.path)


def _walk(folder: Path, above: frozenset[str]) -> Iterator[_Found]:
    """All files below `folder`, in the order of names; `above` holds the folders on the way."""
    above |= {os.path.realpath(folder)}
    for name, kind in _entries(folder):
        path = folder / name
        if kind != "folder":
            yield _Found(path, kind == "file" and path.suffix.lower() in IMAGE_SUFFIXES)
        elif is_system_folder(name) or os.path.realpath(path) in above:
            yield _Found(path, False)
        else:
            yield from _walk(path, above)


def _entries(folder: Path) -> list[tuple[str, str]]:
    """(name, kind) of all that lies in `folder`; a million take about 100 MB."""
    try:
        with os.scandir(folder) as opened:
            return sorted((entry.name, _kind(entry)) for entry in opened)
    except OSError as error:
        raise DataError(
            f"the folder cannot be opened ({error.strerror or error})",
            where=str(folder),
            mend="Check its permissions.",
        ) from None


def _kind(entry: os.DirEntry[str]) -> str:
    """ "folder", "file" or "odd"; a link to nothing counts as a file, which cannot be read."""
    if entry.is_dir():
        return "folder"
    return "file" if entry.is_file() or entry.is_symlink() else "odd"


def _left_alone(folder: Path, others: int, named: list[str]) -> str:
    names = ", ".join(named) + (", …" if others > len(named) else "")
    return (
        f"{folder}: {others:,} other files left alone, for their names do not end like a"
        f" picture's ({names}). A file that is named itself is tried whatever its name."
    )
