"""The picture files that are named on the command line, by themselves or by their folder."""

from __future__ import annotations

from pathlib import Path

import typer

from linnaeus.errors import DataError

__all__ = ["picture_files"]


def picture_files(given: list[Path]) -> list[Path]:
    """The files named, and the pictures in the folders named, in order.

    Raises DataError for a name that does not exist, or a folder without pictures.
    """
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            files += _pictures_in(path)
        elif path.is_file():
            files.append(path)
        else:
            raise DataError("there is no such file or folder", where=str(path), mend="Check it.")
    return files


def _pictures_in(folder: Path) -> list[Path]:
    from linnaeus.data.layout import listed
    from linnaeus.data.pictures_below import pictures_below

    found = pictures_below(folder)
    if found.others:
        named = listed(file.relative_to(folder).as_posix() for file in found.others)
        typer.echo(
            f"{folder}: {len(found.others):,} other files left alone, for their names do not end"
            f" like a picture's ({named}). A file that is named itself is tried whatever its name.",
            err=True,
        )
    return list(found.pictures)
