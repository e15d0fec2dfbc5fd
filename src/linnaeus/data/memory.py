"""Arrays that may outgrow the memory: in memory while there is room, in a temporary file beyond."""

from __future__ import annotations

import importlib
import math
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import WriteError

__all__ = ["available_memory_bytes", "claim_bytes", "fits_memory", "roomy_pixels"]

SHARE_OF_MEMORY = 0.25
"""How much of the free memory an array may take before it goes to a file: models want the rest."""

MEMORY_WHERE_UNKNOWN_BYTES = 2 << 30
CLAIM_BYTES = 16 << 20
CONTAINER_FOLDER = Path("/sys/fs/cgroup")


def roomy_pixels(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros of `shape`, uint8: in memory, or in a file that vanishes with the array.

    Raises WriteError when the temporary folder has no room for it.
    """
    size_bytes = math.prod(shape)
    if fits_memory(size_bytes):
        return np.zeros(shape, np.uint8)
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the array's mapping keeps it
        claim_bytes(file, size_bytes)
        return np.memmap(cast("Any", file), np.uint8, "r+", shape=shape)
    except OSError as error:
        raise WriteError(
            f"{size_bytes / 1e9:,.1f} GB of pixels find no room ({error.strerror or error})",
            where=tempfile.gettempdir(),
            mend="Free some space, or set TMPDIR to a folder on a larger disk.",
        ) from None


def fits_memory(size_bytes: int) -> bool:
    """Whether an array of `size_bytes` may stay in memory: it leaves most of what is free."""
    return size_bytes <= SHARE_OF_MEMORY * available_memory_bytes()


def claim_bytes(file: BinaryIO, size_bytes: int) -> None:
    """Make `file` `size_bytes` long, zeros from where it ends, with all of it sure of the disk.

    A mapping of a file with holes ends the process when the disk is full as it writes to one.
    Raises OSError where the disk has no room.
    """
    begun = file.seek(0, os.SEEK_END)
    if hasattr(os, "posix_fallocate"):
        if size_bytes > begun:
            os.posix_fallocate(file.fileno(), begun, size_bytes - begun)
        return
    zeros = bytes(min(size_bytes, CLAIM_BYTES))
    for start in range(begun, size_bytes, CLAIM_BYTES):
        file.write(zeros[: size_bytes - start])
    file.flush()


def available_memory_bytes() -> int:
    """The memory that can be had without swapping, within the limit of a container if there is one.

    Where nothing tells, 2 GB are assumed.
    """
    return min(_free_memory_bytes(), _container_room_bytes())


def _free_memory_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvail"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return int(importlib.import_module("psutil").virtual_memory().available)
    except ImportError:
        return MEMORY_WHERE_UNKNOWN_BYTES


def _container_room_bytes() -> int:
    """What a Linux container (control groups, version 2) may still take; huge without one."""
    try:
        limit = int((CONTAINER_FOLDER / "memory.max").read_text())
        return max(0, limit - int((CONTAINER_FOLDER / "memory.current").read_text()))
    except (OSError, ValueError):
        return 1 << 62
