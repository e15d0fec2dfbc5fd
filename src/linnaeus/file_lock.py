"""A lock on an open file, which ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
from typing import BinaryIO

__all__ = ["locked"]

if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 30  # a byte that nobody reads: what is locked on Windows cannot be read either

    def locked(file: BinaryIO) -> bool:
        """Whether the lock on `file` is ours now; closing the file gives it back."""
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def locked(file: BinaryIO) -> bool:
        """Whether the lock on `file` is ours now; closing the file gives it back."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk without locks, as some of networks are
            return True
        return True
