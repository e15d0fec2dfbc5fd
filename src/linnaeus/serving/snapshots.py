"""Copies of the bundles that are served, in a folder that goes with the server.

What is served is such a copy: a bundle's folder may be written anew meanwhile, and a worker that is
started in a year opens the same files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from linnaeus.bundle.load import bundle_folder
from linnaeus.bundle.record import read_record
from linnaeus.errors import WriteError
from linnaeus.manifest import copy_listed

__all__ = ["Snapshots"]

PREFIX = "linnaeus-serve-"

YOUNG_S = 60.0
"""A folder of this age may be about to be locked by the server that has made it."""


class Snapshots:
    """The folder of copies, locked: those who clean up old files leave locked folders alone.

    Folders of servers that were killed are removed first. Raises WriteError where none can be made.
    """

    def __init__(self) -> None:
        above = Path(tempfile.gettempdir())
        _remove_deserted(above)
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = os.open(self._folder, os.O_RDONLY)
        except OSError as error:
            raise WriteError(
                f"there is no place for copies of the bundles ({error.strerror})",
                where=str(above),
                mend="Name a folder that can be written to with TMPDIR.",
            ) from None
        with suppress(OSError):  # a disk without locks, as some of networks are
            fcntl.flock(self._lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        self._taken = 0

    def take(self, folder: Path) -> Path:
        """Copy the bundle in `folder`, or of the run there. Returns the copy's folder.

        Raises BundleError where there is no whole bundle, WriteError where it finds no room.
        """
        self._taken += 1
        copy, place = self._folder / str(self._taken), bundle_folder(folder)
        read_record(place)
        try:
            copy_listed(place, copy)
        except BaseException:
            self.drop(copy)
            raise
        return copy

    def drop(self, copy: Path) -> None:
        """Forget a copy that nobody serves any more."""
        shutil.rmtree(copy, ignore_errors=True)

    def close(self) -> None:
        """Forget all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def _remove_deserted(above: Path) -> None:
    """Remove the folders of servers that could not do so themselves."""
    for folder in above.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                if time.time() - folder.stat().st_mtime > YOUNG_S:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
