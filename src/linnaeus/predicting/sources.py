"""What a user can name pictures by: files, folders, patterns, archives, tables, data sets, `-`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.bundle.given import digest_of
from linnaeus.errors import DataError, UsageError
from linnaeus.images.decode import IMAGE_SUFFIXES
from linnaeus.predicting.folder import folder_source
from linnaeus.predicting.picture import Picture, Source, looks_like_url

if TYPE_CHECKING:
    from linnaeus.predicting.named import Naming

__all__ = ["FPS", "STANDARD_INPUT", "sources_of"]

STANDARD_INPUT = "-"

FPS = 2.0
"""Frames a second: what people do lasts longer than half a second, and two cost little."""


def sources_of(
    given: Sequence[str | Path],
    opened: ExitStack,
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    fps: float = FPS,
) -> list[Source]:
    """Where the pictures come from that are `given`, and those in the list `files_from`.

    Each of `given` is a picture's file, whatever its name; a folder of them; a zip or tar archive
    of them; a table with a column of paths; a video, of which `fps` frames a second are taken; a
    pattern such as "photos/**/*.jpg"; where no file is called so, a data set's name such as
    "digits"; "-", one picture's bytes on standard input; or with `allow_url` a public https
    address. Archives stay open until `opened` is closed. No picture is opened yet.

    Raises DataError for a name that does not exist, and a folder, archive or table without
    pictures; MissingError for a data set that was not fetched; UsageError where nothing is given,
    standard input twice, or an address unasked for.
    """
    names = [str(one) for one in given]
    _check(names, files_from, allow_url)
    known = _Known(opened, image_column, allow_url, fps)
    sources = [source for name in names for source in known.sources_of_one(name)]
    if files_from is not None:
        from linnaeus.predicting.listed import list_source

        sources.append(list_source(str(files_from), known.naming))
    return sources


def _check(names: Sequence[str], files_from: str | Path | None, allow_url: bool) -> None:
    if not names and files_from is None:
        raise UsageError(
            "no pictures are named",
            where="PICTURES",
            mend="Name files or folders, or a list of files with --files-from.",
        )
    if [*names, str(files_from)].count(STANDARD_INPUT) > 1:
        raise UsageError(
            "standard input can be read once only",
            where=STANDARD_INPUT,
            mend='Give "-" once: for one picture, or with --files-from for a list.',
        )
    for name in names:
        if looks_like_url(name) and not allow_url:
            raise UsageError(
                "addresses are fetched only where that is asked for",
                where=name,
                mend="Give --allow-url, or download it yourself.",
            )


class _Known:
    """What is known of all names that are given."""

    def __init__(
        self, opened: ExitStack, image_column: str | None, allow_url: bool, fps: float
    ) -> None:
        self._opened = opened
        self._fps = fps
        self._image_column = image_column
        self.allow_url = allow_url

    @cached_property
    def naming(self) -> Naming:
        """What makes pictures of the names in lists and tables."""
        from linnaeus.predicting.named import Naming

        return Naming(allow_url=self.allow_url)

    def sources_of_one(self, given: str) -> list[Source]:
        """What `given` stands for."""
        if given == STANDARD_INPUT:
            read = _StandardInput()
            picture = Picture(STANDARD_INPUT, read, drawn_from=lambda: read.digest)
            return [_of_one(picture, "standard input")]
        if looks_like_url(given):
            return [_of_one(self.naming(given, Path(given)))]
        if any(sign in given for sign in "{*?[") and not Path(given).exists():
            from linnaeus.predicting.pattern import fitting

            return [self._source_of_path(path) for path in fitting(given)]
        if not Path(given).exists():
            from linnaeus.predicting.data_set import data_set_source

            if (source := data_set_source(given)) is not None:
                return [source]
        return [self._source_of_path(Path(given))]

    def _source_of_path(self, path: Path) -> Source:
        if path.is_dir():
            return folder_source(path)
        if not path.exists():
            raise DataError("there is no such file or folder", where=str(path), mend="Check it.")
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            from linnaeus.data.open_store import begins_like_archive
            from linnaeus.data.table import looks_like_table
            from linnaeus.predicting.video import VIDEO_SUFFIXES, video_source

            if path.suffix.lower() in VIDEO_SUFFIXES:
                return video_source(path, self._fps)
            if looks_like_table(path):
                from linnaeus.predicting.table import table_source

                return table_source(path, self._image_column, self.naming)
            if begins_like_archive(path):
                from linnaeus.predicting.archive import archive_source

                return archive_source(path, self._opened)
        return _of_one(Picture(str(path), path))


class _StandardInput:
    """Gives the bytes on standard input, and then their `digest`: every picture that comes so is
    called alike."""

    digest = ""

    def __call__(self) -> bytes:
        content = sys.stdin.buffer.read()
        self.digest = digest_of(content)
        return content


def _of_one(picture: Picture, inside: str = "") -> Source:
    return Source(lambda: iter([picture]), 1, inside=inside)
