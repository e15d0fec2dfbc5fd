"""What a worker may take of the machine: memory, processor time, and no file written.

A picture that was made to break a decoder then costs one worker, and the server makes another.
"""

from __future__ import annotations

import gc
import resource
import signal
from contextlib import suppress
from pathlib import Path

__all__ = ["allow_processor_time", "bound_server", "confine", "settle"]

MEMORY_BYTES = 2 << 30
"""What pictures may take beyond what the open models do. Those of 40 million pixels take up to
0.75 GB (JPEG 2000), the most of any kind that is read."""


FILES = 4096
"""Of the server, open at once: each connection is one."""


def bound_server() -> None:
    """Ready this process for pictures in its memory and for many connections."""
    _lower(resource.RLIMIT_CORE, 0)  # else a crash would write pictures to the disk
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def confine() -> None:
    """Bound this process, which has opened its models and will read pictures from strangers."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    if (taken := _data_bytes()) is not None:
        _lower(resource.RLIMIT_DATA, taken + MEMORY_BYTES)


def allow_processor_time(seconds: float) -> None:
    """Let this process compute for `seconds` from now on; then SIGPROF ends it.

    A timer, and no RLIMIT_CPU: that counts from the process's beginning, and by ticks, which for
    work in short bursts are up to a tenth more than what `getrusage` tells. After a minute of
    computing the two were farther apart than a picture may take, and the next one was blamed.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def settle() -> None:
    """Have the collector of garbage leave alone what is there now, which will stay.

    Looking through all that was imported, again and again, costs more than what it finds.
    """
    gc.collect()
    gc.freeze()


def _lower(limit: int, value: int) -> None:
    _, most = resource.getrlimit(limit)
    bound = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(limit, (bound, bound))


def _data_bytes() -> int | None:
    """What this process has of memory of its own; None where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) << 10
    return None
