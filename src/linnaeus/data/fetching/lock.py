"""One process at a time: a lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from linnaeus.errors import WriteError
from linnaeus.progress import Progress

__all__ = ["alone"]

BETWEEN_TRIES_S = 0.2


@contextmanager
def alone(path: Path, progress: Progress, waiting: str) -> Iterator[None]:
    """Hold the lock on the file `path` while the block runs; say `waiting` once where it is taken.

    The file stays: to remove it while the work is not done would let two others hold a lock each.
    Raises WriteError where it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        mend = "Check the permissions, or name a folder elsewhere."
        what = f"nothing can be written here ({error.strerror or error})"
        raise WriteError(what, where=str(path.parent), mend=mend) from None
    with file:
        if not _taken(file):
            progress.say(waiting)
            while not _taken(file):
                time.sleep(BETWEEN_TRIES_S)
        yield


if sys.platform == "win32":
    import msvcrt

    def _taken(file: BinaryIO) -> bool:
        """Whether the lock on `file` is ours now; closing the file gives it back."""
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: BinaryIO) -> bool:
        """Whether the lock on `file` is ours now; closing the file gives it back."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk without locks, as some of networks are
            return True
        return True
