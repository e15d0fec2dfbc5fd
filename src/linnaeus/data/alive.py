"""Whether the writer of a folder lives: a lock that ends with its process, however that ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linnaeus.file_lock import locked

__all__ = ["alive", "is_abandoned"]

MARK = "alive"

SETTLING_S = 3600
"""A folder without a mark is left alone for so long: its writer may be about to make it."""


@contextmanager
def alive(folder: Path) -> Iterator[None]:
    """Mark `folder` as being written for as long as the block, and this process, last."""
    with (folder / MARK).open("ab") as file:
        locked(file)
        yield


def is_abandoned(folder: Path) -> bool:
    """Whether nobody writes `folder` any more. Raises OSError where that cannot be told."""
    if not (folder / MARK).exists():
        return time.time() - folder.stat().st_mtime > SETTLING_S
    with (folder / MARK).open("ab") as file:
        return locked(file)
