"""What a user can name pictures by: files, folders, patterns, archives, tables, lists, `-`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from linnaeus.errors import DataError, UsageError
from linnaeus.images.decode import IMAGE_SUFFIXES
from linnaeus.predicting.folder import folder_source
from linnaeus.predicting.picture import Picture, Source

__all__ = ["STANDARD_INPUT", "sources_of"]

STANDARD_INPUT = "-"


def sources_of(
    given: Sequence[str | Path],
    opened: ExitStack,
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
) -> list[Source]:
    """Where the pictures come from that are `given`, and those in the list `files_from`.

    Each of `given` is a picture's file, whatever its name; a folder of them; a zip or tar archive
    of them; a table with a column of paths; a pattern such as "photos/**/*.jpg"; or "-", one
    picture's bytes on standard input. Archives stay open until `opened` is closed. No picture is
    opened yet.

    Raises DataError for a name that does not exist, and a folder, archive or table without
    pictures; UsageError where nothing is given, or standard input twice.
    """
    named = [str(one) for one in given]
    _check(named, files_from)
    sources = [source for one in named for source in _sources_of_one(one, opened, image_column)]
    if files_from is not None:
        from linnaeus.predicting.listed import list_source

        sources.append(list_source(str(files_from)))
    return sources


def _check(named: Sequence[str], files_from: str | Path | None) -> None:
    if not named and files_from is None:
        raise UsageError(
            "no pictures are named",
            where="predict",
            mend="Name files or folders, or a list of files with --files-from.",
        )
    if [*named, str(files_from)].count(STANDARD_INPUT) > 1:
        raise UsageError(
            "standard input can be read once only",
            where=STANDARD_INPUT,
            mend='Give "-" once: for one picture, or with --files-from for a list.',
        )


def _sources_of_one(given: str, opened: ExitStack, image_column: str | None) -> list[Source]:
    if given == STANDARD_INPUT:
        return [_of_standard_input()]
    if any(sign in given for sign in "{*?[") and not Path(given).exists():
        from linnaeus.predicting.pattern import fitting

        return [_source_of_path(path, opened, image_column) for path in fitting(given)]
    return [_source_of_path(Path(given), opened, image_column)]


def _source_of_path(path: Path, opened: ExitStack, image_column: str | None) -> Source:
    if path.is_dir():
        return folder_source(path)
    if not path.exists():
        raise DataError("there is no such file or folder", where=str(path), mend="Check it.")
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        from linnaeus.data.open_store import begins_like_archive
        from linnaeus.data.table import looks_like_table

        if looks_like_table(path):
            from linnaeus.predicting.table import table_source

            return table_source(path, image_column)
        if begins_like_archive(path):
            from linnaeus.predicting.archive import archive_source

            return archive_source(path, opened)
    picture = Picture(str(path), path)
    return Source(lambda: iter([picture]), 1)


def _of_standard_input() -> Source:
    return Source(lambda: iter([Picture(STANDARD_INPUT, sys.stdin.buffer.read)]), 1)
