"""How many threads a training step is worth: by its size, or by trying where there is a clock."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

__all__ = ["ThreadTrial", "seconds_at_best", "threads_for"]

# Threads meet after every layer. Where a layer takes less than about a millisecond they wait
# longer than they work, and on a machine that others use too, many times longer: there, digits
# of 8 px took 88 s on two threads and 19 s on one.
SINGLE_THREAD_PX = 32_768


@contextmanager
def threads_for(batch_px: int) -> Iterator[None]:
    """Within, steps over batches of `batch_px` pixels (n × h × w) run on as many threads as help.

    That is one for very small batches, and the number that PyTorch was set to for all others.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if batch_px < SINGLE_THREAD_PX else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seconds_at_best(work: Callable[[], object], times: int) -> float:
    """Seconds of `work` on all threads or on one, as training tries it: the fastest of `times` on
    either, but for the first, which also pays for setting up.
    """
    most = torch.get_num_threads()
    seconds = []
    try:
        for threads in {most, 1}:
            torch.set_num_threads(threads)
            for step in range(times):
                start_s = time.perf_counter()
                work()
                seconds += [time.perf_counter() - start_s] if step > 0 else []
    finally:
        torch.set_num_threads(most)
    return min(seconds)


RECENT_STEPS = 5
SLOWER = 1.5  # times the speed that the choice was made on: others have come to use the machine
TRY_AGAIN_AFTER = 20  # steps on one thread: perhaps the others are gone


class ThreadTrial:
    """Chooses between all threads and one by the time that steps take on either.

    On a machine that others use too, a thread that is not running makes all the others wait for it
    after every layer: with one other busy program on two cores a step took 2.5 ms a picture on two
    threads and 1.1 ms on one, and 0.4 and 0.7 ms alone.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._took: dict[int, float] = {}
        self._recent: deque[float] = deque(maxlen=RECENT_STEPS)
        self._steps_since = 0
        self._chosen = most
        self._to_try = [1, 1, most, most] if most > 1 else []

    def threads(self) -> int:
        """How many threads the next step should run on."""
        return self._to_try[0] if self._to_try else self._chosen

    def stepped(self, seconds: float) -> None:
        """Note that the step on `threads()` threads took `seconds`."""
        if self._to_try:
            self._tried(seconds)
            return
        self._recent.append(seconds)
        self._steps_since += 1
        if self._most > 1 and self._is_due():
            other = 1 if self._chosen == self._most else self._most
            self._took = {self._chosen: statistics.median(self._recent)}
            self._to_try = [other, other]

    def _tried(self, seconds: float) -> None:
        threads = self._to_try.pop(0)
        # The first of two steps also pays for setting up kernels for that number of threads.
        self._took[threads] = min(seconds, self._took.get(threads, seconds))
        if not self._to_try:
            self._chosen = min(self._took, key=lambda tried: self._took[tried])
            self._recent.clear()
            self._steps_since = 0

    def _is_due(self) -> bool:
        if len(self._recent) < RECENT_STEPS:
            return False
        if self._chosen == self._most:
            return statistics.median(self._recent) > SLOWER * self._took[self._chosen]
        return self._steps_since >= TRY_AGAIN_AFTER
