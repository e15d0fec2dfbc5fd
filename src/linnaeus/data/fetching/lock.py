"""One process at a time: a lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linnaeus.errors import WriteError
from linnaeus.file_lock import locked
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
        if not locked(file):
            progress.say(waiting)
            while not locked(file):
                time.sleep(BETWEEN_TRIES_S)
        yield
