"""The pictures in a folder and below it, one sub-folder's names in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
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


def pictures_in(
    folder: Path, passed_over: Callable[[DataError], None] | None = None
) -> Iterator[Picture]:
    """The pictures of `folder_source`, as they are now.

    `passed_over` is told of each folder below it that cannot be opened; the others are gone through
    all the same. Without it the first of them raises DataError, as `folder` itself always does.
    """
    for found in _walk(folder, frozenset(), passed_over):
        if found.picture:
            yield Picture(str(found.path), found.path)


def _walk(
    folder: Path,
    above: frozenset[str],
    passed_over: Callable[[DataError], None] | None = None,
) -> Iterator[_Found]:
    """All files below `folder`, in the order of names; `above` holds the folders on the way."""
    try:
        entries = _entries(folder)
    except OSError as error:
        refused = _cannot_be_opened(folder, error)
        if passed_over is None or not above:
            raise refused from None
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):  # else it went away
            passed_over(refused)
        return
    above |= {os.path.realpath(folder)}
    for name, kind in entries:
        path = folder / name
        if kind != "folder":
            yield _Found(path, kind == "file" and path.suffix.lower() in IMAGE_SUFFIXES)
        elif is_system_folder(name) or os.path.realpath(path) in above:
            yield _Found(path, False)
        else:
            yield from _walk(path, above, passed_over)


def _entries(folder: Path) -> list[tuple[str, str]]:
    """(name, kind) of all that lies in `folder`; a million take about 100 MB. Raises OSError."""
    with os.scandir(folder) as opened:
        return sorted((entry.name, _kind(entry)) for entry in opened)


def _cannot_be_opened(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"the folder cannot be opened ({error.strerror or error})",
        where=str(folder),
        mend="Check its permissions.",
    )


def _kind(entry: os.DirEntry[str]) -> str:
    """ "folder", "file" or "odd"; a link to nothing counts as a file, which cannot be read, and so
    does one that leads in a circle or to where nobody may look."""
    with suppress(OSError):
        if entry.is_dir():
            return "folder"
        if entry.is_file():
            return "file"
    return "file" if entry.is_symlink() else "odd"


def _left_alone(folder: Path, others: int, named: list[str]) -> str:
    names = ", ".join(named) + (", …" if others > len(named) else "")
    return (
        f"{folder}: {others:,} other files left alone, for their names do not end like a"
        f" picture's ({names}). A file that is named itself is tried whatever its name."
    )
