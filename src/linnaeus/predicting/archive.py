"""The pictures in a zip or tar archive, read where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from linnaeus.data.layout import is_picture, listed
from linnaeus.data.open_store import open_store
from linnaeus.data.store import outside_system_folders
from linnaeus.errors import DataError
from linnaeus.predicting.picture import Picture, Source

__all__ = ["archive_source"]


def archive_source(path: Path, opened: ExitStack) -> Source:
    """The pictures in the archive at `path`, called "ARCHIVE/PATH INSIDE".

    It stays open until `opened` is closed. Raises DataError where it is damaged, or holds none.
    """
    store = open_store(path)
    opened.callback(store.close)
    inside, refused = outside_system_folders(store.listing.files)
    pictures = [name for name in inside if is_picture(name)]
    if not pictures:
        raise DataError(
            "no pictures are in this archive",
            where=str(path),
            mend="Give one that holds some; their names must end in .jpg, .png or the like.",
        )
    held = set(pictures)
    others = [name for name in inside if name not in held]
    others += [*store.listing.refused, *refused]

    def each() -> Iterator[Picture]:
        for name in pictures:
            yield Picture(f"{path}/{name}", partial(store.read, name))

    note = f"{path}: {len(others):,} others in it are left alone ({listed(others)})."
    return Source(each, len(pictures), (note,) if others else (), inside=str(path))
