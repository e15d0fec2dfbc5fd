"""What a disk can refuse: to take bytes, to keep them, to rename. All writing passes through here.

So a test can let any of it fail, at the n-th time or from then on, and see what is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["Disk", "another_disk", "the_disk"]


class Disk:
    """The disk as it is. Everything raises OSError where it refuses."""

    def write(self, file: BinaryIO, content: bytes) -> None:
        """Give `file` the whole of `content`."""
        left = memoryview(content)
        while left:  # a file without a buffer may take less at a time
            left = left[file.write(left) :]

    def flush(self, file: BinaryIO) -> None:
        """Wait until what was written to `file` would outlive a power cut."""
        file.flush()
        os.fsync(file.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """Let what is at `source` stand at `target`, in place of a file or empty folder there.

        The new name, too, outlives a power cut afterwards.
        """
        source.replace(target)
        _flush_names(target.parent)


_disks = [Disk()]


def the_disk() -> Disk:
    """The disk that everything is written to."""
    return _disks[-1]


@contextmanager
def another_disk(disk: Disk) -> Iterator[None]:
    """Write to `disk` inside the block, from all threads."""
    _disks.append(disk)
    try:
        yield
    finally:
        _disks.remove(disk)


def _flush_names(folder: Path) -> None:
    """Flush the names in `folder`. Windows opens no folders, and some network disks flush none."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
