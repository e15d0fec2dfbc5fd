"""Ctrl-C as a request: once to end with the best model so far, twice to end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from linnaeus.progress import Progress

__all__ = ["Stop", "stop_on_interrupt"]


class Stop:
    """Whether somebody asked to end. Calling it tells; it stays asked."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self) -> bool:
        return self._asked

    def ask(self) -> None:
        """Ask to end as soon as there is something to keep."""
        self._asked = True


@contextmanager
def stop_on_interrupt(progress: Progress) -> Iterator[Stop]:
    """Turn the first Ctrl-C inside the block into a request, and let the second interrupt.

    Outside the main thread, where signals cannot be caught, gives a Stop that only code can ask.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_interrupt(signum: int, frame: FrameType | None) -> None:
        if stop():
            raise KeyboardInterrupt
        stop.ask()
        progress.warn(
            "Ending with the best model so far, if there is one yet; press Ctrl-C again to end at"
            " once."
        )

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
