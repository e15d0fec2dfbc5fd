"""Zip and tar archives, read in place by offset and never extracted.

What an archive is, its first bytes say, not its name. A compressed tar is decompressed once into
an anonymous temporary file, which is gone when the store is. Members whose names leave the
archive, links and devices are refused by name, and an archive that expands absurdly as a whole.
"""

from __future__ import annotations

import os
import re
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from linnaeus.data.store import Listing, outside_system_folders, printable
from linnaeus.errors import DataError

__all__ = ["AtOffset", "list_members", "member_path", "refuse_bomb"]

MAX_EXPANDED_BYTES = 200 * 10**9
"""More than any data set that one would read out of one archive on one machine."""

MAX_RATIO = 1000
"""Pictures shrink by a few per cent; even blank bitmaps stay under this."""

RATIO_MATTERS_BYTES = 200 * 10**6
"""Below this, an archive may be as dense as it likes: it does no harm."""


class AtOffset:
    """A file read at any offset by several threads at once; closed when it is let go of."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, file.close)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises EOFError when the file ends before."""
        if hasattr(os, "pread"):
            content = os.pread(self._file.fileno(), length, offset)
        else:
            with self._lock:
                self._file.seek(offset)
                content = self._file.read(length)
        if len(content) != length:
            raise EOFError("the archive ends inside this file")
        return content


def member_path(raw: str) -> tuple[str, str]:
    """A member's path inside the archive, and why it is refused ("" when it is not)."""
    path = printable(raw.replace("\\", "/"))
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return raw, "its name is an absolute path, which would leave the archive"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        return raw, "its name contains '..', which would leave the archive"
    return "/".join(parts), ""


def list_members(files: Iterable[str], folders: Iterable[str], refused: dict[str, str]) -> Listing:
    """A listing from an archive's members; folders that only their files tell of are added."""
    kept, system = outside_system_folders(files)
    known: set[str] = set()
    for path in kept:
        known.update(_folders_above(path))
    for path in outside_system_folders(f"{folder}/x" for folder in folders if folder)[0]:
        known.update(_folders_above(path))
    return Listing(tuple(sorted(kept)), frozenset(known), {**refused, **system})


def refuse_bomb(expanded_bytes: int, packed_bytes: int, where: Path) -> None:
    """Raise DataError when an archive expands beyond what pictures ever do."""
    dense = expanded_bytes > RATIO_MATTERS_BYTES and expanded_bytes > MAX_RATIO * packed_bytes
    if dense or expanded_bytes > MAX_EXPANDED_BYTES:
        raise DataError(
            f"the archive of {packed_bytes / 1e6:,.3f} MB expands to"
            f" {expanded_bytes / 1e9:,.1f} GB or more, as only archives made to do harm do",
            where=str(where),
            mend="If you trust it, unpack it yourself and give the folder.",
        )


def _folders_above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
