"""Work on pictures in threads, given back in order, with little of it waiting at any time.

Threads and not processes: decoding, hashing and resizing let go of Python's lock, so that threads
keep all processors busy, and nothing has to be handed from one process to another
(`benchmarks/reading.py` measures both).
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from linnaeus.errors import UsageError

__all__ = ["in_threads", "processors", "thread_count"]

CHUNK = 32
"""Pictures a thread takes at a time: enough to make handing over cheap, few enough to stop soon."""

CHUNKS_AHEAD = 4
"""Chunks a thread under way or done: bounds what waits in memory."""

MAX_WORKERS = 16

Result = TypeVar("Result")


def in_threads(
    work: Callable[[int], Result],
    length: int,
    workers: int | None,
    *,
    chunk_size: int = CHUNK,
    ahead: int = CHUNKS_AHEAD,
) -> Generator[list[Result]]:
    """`work(0)` to `work(length - 1)` in order, chunk by chunk; stops soon when the caller does.

    `workers`: as for `thread_count`. `ahead`: chunks of `chunk_size` under way or done, for each.
    """
    stopped = threading.Event()
    threads = thread_count(workers)

    def work_on(places: range) -> list[Result]:
        return [work(place) for place in places if not stopped.is_set()]

    chunks = (range(at, min(at + chunk_size, length)) for at in range(0, length, chunk_size))
    pool = ThreadPoolExecutor(threads, thread_name_prefix="scan")
    try:
        under_way: deque[Future[list[Result]]] = deque(
            pool.submit(work_on, chunk) for chunk in itertools.islice(chunks, threads * ahead)
        )
        while under_way:
            results = under_way.popleft().result()
            if (chunk := next(chunks, None)) is not None:
                under_way.append(pool.submit(work_on, chunk))
            yield results
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def thread_count(workers: int | None) -> int:
    """How many threads so many `workers` are: None: one a processor that may be used.

    None besides the one that learns, which 0 asks for elsewhere, is one too. Raises UsageError for
    fewer.

    >>> thread_count(0), thread_count(2)
    (1, 2)
    """
    if workers is None:
        return processors()
    if workers < 0:
        raise UsageError(
            f"{workers} threads cannot read pictures", where="--workers", mend="Give 0 or more."
        )
    return max(1, workers)


def processors() -> int:
    """The processors that this process may use, at most 16."""
    if hasattr(os, "sched_getaffinity"):
        return min(MAX_WORKERS, len(os.sched_getaffinity(0)))
    return min(MAX_WORKERS, os.cpu_count() or 1)
