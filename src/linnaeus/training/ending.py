"""SIGTERM: the run saves where it stands and ends within seconds; a second one ends it at once."""

from __future__ import annotations

import _thread
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from linnaeus.errors import Terminated

__all__ = ["Ending", "end_on_sigterm"]

LONGEST_STEP_S = 15.0
"""A step that takes longer is not waited for: whoever sent SIGTERM often kills 30 s later."""

LONGEST_END_S = 25.0
"""Then the process ends wherever it is, in a library's long work say: what was saved is whole."""


class Ending:
    """Whether SIGTERM has asked to end.

    It ends what is under way by raising Terminated there, wherever that is, but for what is `held`:
    there it only asks, so that a step is taken whole or not at all.
    """

    def __init__(self) -> None:
        self.asked = False
        self.insists = False
        self._holds = False
        self._timers: list[threading.Timer] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, whoever holds looks at `asked`; at the end of the block, what was asked is done.

        Where nobody has looked for `LONGEST_STEP_S`, Terminated is raised all the same.
        """
        self._holds = True
        try:
            yield
        finally:
            self._holds = False
        self.end_if_asked()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside a `held` block: here it may be raised again."""
        self._holds = False
        try:
            self.end_if_asked()
            yield
        finally:
            self._holds = True

    def end_if_asked(self) -> None:
        """Raise Terminated where it was asked for and nothing is held."""
        if self.asked and not self._holds:
            raise Terminated

    def ask(self) -> None:
        """Hear SIGTERM. Raises Terminated where nothing is held.

        It is raised again where the process has not ended for `LONGEST_STEP_S`, since a library may
        have caught it; and after `LONGEST_END_S` the process ends.
        """
        self.asked = True
        self.insists = False
        for seconds, work in ((LONGEST_STEP_S, self._insist), (LONGEST_END_S, _end_here)):
            timer = threading.Timer(seconds, work)
            timer.daemon = True
            timer.start()
            self._timers.append(timer)
        self.end_if_asked()

    def close(self) -> None:
        """Wait for nothing any more."""
        for timer in self._timers:
            timer.cancel()

    def _insist(self) -> None:
        """From another thread: let the main one raise Terminated at its next instruction."""
        self._holds = False
        self.insists = True
        if hasattr(signal, "pthread_kill"):  # which also ends what waits in the system
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        else:
            _thread.interrupt_main(signal.SIGTERM)


def _end_here() -> None:
    os.write(2, b"linnaeus: ended by SIGTERM; what was saved before stands.\n")
    os._exit(Terminated.exit_code)


@contextmanager
def end_on_sigterm() -> Iterator[Ending]:
    """Let SIGTERM ask the Ending while the block runs, and end the process if it comes again.

    Outside the main thread, where signals cannot be caught, nobody asks.
    """
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return

    def on_sigterm(signum: int, frame: FrameType | None) -> None:
        if ending.asked and not ending.insists:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        ending.ask()

    before = signal.signal(signal.SIGTERM, on_sigterm)
    try:
        yield ending
    finally:
        ending.close()
        signal.signal(signal.SIGTERM, before)
