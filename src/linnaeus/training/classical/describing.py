"""Describing pictures in threads: their features, as the runtime will compute them."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.runtime import Session
from linnaeus.data.in_threads import thread_count
from linnaeus.data.pixels import PixelRows, chunks
from linnaeus.errors import Stopped
from linnaeus.features.description import Description
from linnaeus.progress import Progress

__all__ = ["describe"]

PIXELS_AT_ONCE = 1 << 18
"""Described together: enough that NumPy's work outweighs what a call costs, little enough for a
processor's cache. Of 32 px, 256 pictures."""

BATCHES_AHEAD = 2  # a thread, under way or done: bounds what waits in memory

Rows = NDArray[np.int64]
Pixels = NDArray[np.uint8]
Features = NDArray[np.float32]


def describe(
    description: Description,
    graph: bytes | None,
    pixels: PixelRows,
    rows: Rows,
    *,
    at_least: int,
    stop: Callable[[], bool],
    late: Callable[[], bool],
    progress: Progress,
    workers: int | None = None,
) -> Features:
    """(k, d) features of the first k `rows`: of all where there is time for it.

    They are what `description` says of the pictures or, with a `graph`, what that makes of it.
    `at_least` so many are computed whatever the clock says. `workers` threads do it, by default
    one a processor; their number changes nothing. Raises Stopped where `stop` says so before that.
    """
    if len(rows) == 0:
        return np.zeros((0, 0), np.float32)
    session = (
        None if graph is None else Session(graph, "onnxruntime", "float32", "none", description)
    )

    def features_of(batch: Pixels) -> Features:
        if session is None:
            return description(batch).astype(np.float32, copy=False)
        return session.run(batch)[1]

    done: list[Features] = []
    count = 0
    threads = thread_count(workers)
    with progress.stage("Computing features", len(rows)) as stage:
        _, height, width, _ = pixels.shape
        batches = chunks(pixels, rows, max(1, PIXELS_AT_ONCE // (height * width)))
        for features in _in_threads(features_of, batches, threads):
            done.append(features)
            count += len(features)
            stage.advance(len(features))
            if count < at_least and stop():
                raise Stopped(
                    "stopped before there was a model to keep", mend="Nothing was written."
                )
            if count >= at_least and (stop() or late()):
                break
    return np.concatenate(done)


def _in_threads(
    work: Callable[[Pixels], Features], batches: Iterator[Pixels], threads: int
) -> Iterator[Features]:
    """`work` of each of the `batches`, in order; it ends soon when the caller does."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="describe")
    try:
        under_way: deque[Future[Features]] = deque(
            pool.submit(work, batch) for batch in itertools.islice(batches, threads * BATCHES_AHEAD)
        )
        while under_way:
            features = under_way.popleft().result()
            if (batch := next(batches, None)) is not None:
                under_way.append(pool.submit(work, batch))
            yield features
    finally:
        pool.shutdown(cancel_futures=True)
