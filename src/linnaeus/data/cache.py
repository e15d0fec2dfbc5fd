"""The cache of decoded pictures on this machine: what is in it, how large it may be, and its end.

Each entry is a folder with a kept scan. It appears whole, by being renamed into place, and goes
whole, by being renamed away, so that other processes meet an entry or none. What a killed writer
left is cleared away by the next one.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from linnaeus.data.alive import alive, is_abandoned
from linnaeus.data.kept_scan import CONTENTS, Contents
from linnaeus.errors import UsageError
from linnaeus.files import read_json, whole_folder

__all__ = ["Cache", "Entry", "the_cache"]

FOLDER_VARIABLE = "LINNAEUS_CACHE"
LIMIT_VARIABLE = "LINNAEUS_CACHE_LIMIT"

MOST_BYTES = 20 * 10**9
SHARE_OF_FREE_DISK = 0.5
"""Without a limit of the user's own, the cache takes 20 GB, and no more than half of what is free
without it: it must never be what fills a disk."""

UNFINISHED = ".unfinished-*"
GOING = ".unfinished-going-"
NAME_OF_ENTRY = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}")
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@dataclass(frozen=True)
class Entry:
    """One kept scan: the pictures of one data set, brought to one size.

    `last_used_s` is in seconds since 1970.
    """

    folder: Path
    contents: Contents
    size_bytes: int
    last_used_s: float


@dataclass(frozen=True)
class Cache:
    """A folder of kept scans; `limit_bytes` None is the default bound (see `MOST_BYTES`)."""

    folder: Path
    limit_bytes: int | None = None

    def entries(self) -> list[Entry]:
        """What is in the cache, least recently used first."""
        found = [_entry(folder) for folder in self._folders("*")]
        return sorted((e for e in found if e is not None), key=lambda e: e.last_used_s)

    def bound_bytes(self) -> int:
        """How large the cache may become."""
        if self.limit_bytes is not None:
            return self.limit_bytes
        used = sum(entry.size_bytes for entry in self.entries())
        there = next(one for one in (self.folder, *self.folder.absolute().parents) if one.exists())
        free = shutil.disk_usage(there).free + used
        return min(MOST_BYTES, int(SHARE_OF_FREE_DISK * free))

    def make_room(self, size_bytes: int) -> list[Entry]:
        """Remove the least recently used entries until `size_bytes` more are within the bound.

        Returns what was removed. What another process has in use and cannot be removed stays.
        """
        self.sweep()
        entries, bound = self.entries(), self.bound_bytes()
        excess = sum(entry.size_bytes for entry in entries) + size_bytes - bound
        removed: list[Entry] = []
        for entry in entries:
            if sum(gone.size_bytes for gone in removed) >= excess:
                break
            if self.remove(entry):
                removed.append(entry)
        return removed

    def remove(self, entry: Entry) -> bool:
        """Remove an entry; False where that cannot be, since it is in use (on Windows) or gone."""
        going = self.folder / f"{GOING}{uuid.uuid4().hex}"
        try:
            entry.folder.replace(going)
        except OSError:
            return False
        shutil.rmtree(going, ignore_errors=True)
        return True

    def clear(self, *, older_than_s: float = 0.0) -> tuple[list[Entry], list[Entry]]:
        """Remove what was used `older_than_s` ago or earlier: (entries removed, those in use)."""
        self.sweep()
        last = time.time() - older_than_s
        old = [entry for entry in self.entries() if entry.last_used_s <= last]
        removed = [entry for entry in old if self.remove(entry)]
        return removed, [entry for entry in old if entry not in removed and entry.folder.exists()]

    def sweep(self) -> None:
        """Clear away what killed processes left, and entries that say nothing of themselves."""
        for folder in self._folders(UNFINISHED):
            with suppress(OSError):
                if folder.name.startswith(GOING) or is_abandoned(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        for folder in self._folders("*"):
            if NAME_OF_ENTRY.fullmatch(folder.name) and not _says_something(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def new_place(self, address: str) -> Path:
        """Where a new entry under `address` (32 hexadecimal digits) will stand."""
        return self.folder / f"{address}-{uuid.uuid4().hex[:8]}"

    @contextmanager
    def writing(self, place: Path) -> Iterator[Path]:
        """Give a folder to fill with a kept scan; it is moved to `place` when the block succeeds.

        Raises WriteError where the disk refuses.
        """
        with ExitStack() as held, whole_folder(place) as aside:
            held.enter_context(alive(aside.parent))  # until it stands in its place
            yield aside

    def at(self, address: str) -> list[Entry]:
        """The entries under an address."""
        found = [_entry(folder) for folder in self._folders(f"{address}-*")]
        return [entry for entry in found if entry is not None]

    def used(self, entry: Entry) -> None:
        """Note that an entry is of use; a cache that cannot be written to takes no notes."""
        with suppress(OSError):
            os.utime(entry.folder / CONTENTS)

    def _folders(self, pattern: str) -> list[Path]:
        try:
            return [folder for folder in self.folder.glob(pattern) if folder.is_dir()]
        except OSError:
            return []


def the_cache() -> Cache:
    """The cache of this user: LINNAEUS_CACHE, or the system's place for caches.

    LINNAEUS_CACHE_LIMIT ("20GB", "500MB", "0" for none) bounds it. Raises UsageError for a limit
    that cannot be understood.
    """
    limit = os.environ.get(LIMIT_VARIABLE, "").strip()
    return Cache(_folder() / "pixels", _size_bytes(limit) if limit else None)


def _folder() -> Path:
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("linnaeus", appauthor=False)


def _size_bytes(text: str) -> int:
    matched = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)b?", text.lower())
    if matched is None:
        mend = "Write it as 20GB or 500MB, or 0 to keep nothing."
        raise UsageError(f'"{text}" is not a size', where=LIMIT_VARIABLE, mend=mend)
    return int(float(matched[1]) * UNITS[matched[2]])


def _entry(folder: Path) -> Entry | None:
    """The entry in `folder`; None where it is none, is of another format, or is being removed."""
    if not NAME_OF_ENTRY.fullmatch(folder.name):
        return None
    try:
        contents = Contents.model_validate_json((folder / CONTENTS).read_bytes())
        size_bytes = sum(file.stat().st_size for file in folder.iterdir())
        return Entry(folder, contents, size_bytes, (folder / CONTENTS).stat().st_mtime)
    except (OSError, ValueError):
        return None


def _says_something(folder: Path) -> bool:
    """Whether `folder` has contents that can be understood, if only by another version."""
    try:
        return isinstance(read_json(folder / CONTENTS), dict)
    except (FileNotFoundError, ValueError):
        return False
    except OSError:  # it may just be going, or be somebody else's
        return True
