"""Arrays that may outgrow the memory: in memory while there is room, in a temporary file beyond."""

from __future__ import annotations

import importlib
import math
import tempfile
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import WriteError

__all__ = ["available_memory_bytes", "roomy_pixels"]

SHARE_OF_MEMORY = 0.25
"""How much of the free memory an array may take before it goes to a file: models want the rest."""

MEMORY_WHERE_UNKNOWN_BYTES = 2 << 30
CONTAINER_FOLDER = Path("/sys/fs/cgroup")


def roomy_pixels(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros of `shape`, uint8: in memory, or in a file that vanishes with the array.

    Raises WriteError when the temporary folder has no room for it.
    """
    size_bytes = math.prod(shape)
    if size_bytes <= SHARE_OF_MEMORY * available_memory_bytes():
        return np.zeros(shape, np.uint8)
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the array's mapping keeps it
        return np.memmap(cast("Any", file), np.uint8, "w+", shape=shape)
    except OSError as error:
        raise WriteError(
            f"{size_bytes / 1e9:,.1f} GB of pixels find no room ({error.strerror or error})",
            where=tempfile.gettempdir(),
            mend="Free some space, or set TMPDIR to a folder on a larger disk.",
        ) from None


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
