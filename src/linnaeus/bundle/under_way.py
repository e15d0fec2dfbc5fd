"""A picture's bytes from elsewhere, fetched in a thread some turns before they are wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

__all__ = ["Slow", "UnderWay"]


class Slow:
    """What `give` gives, which takes time that is not the processor's.

    `places`: how many of those that share them may be under way, or have come and not been taken.
    """

    def __init__(self, give: Callable[[], bytes], places: threading.BoundedSemaphore) -> None:
        self._give = give
        self.places = places

    def __call__(self) -> bytes:
        return self._give()

    def begin(self) -> UnderWay:
        """Begin now, or as soon as there is a place."""
        self.places.acquire()
        return UnderWay(self._give, self.places.release)


class UnderWay:
    """What `give` gives, on its way in a thread that keeps no program from ending.

    Whoever calls it waits for it and takes it: after that, or once it is given up, nothing of it is
    kept, and `leave` is called. Raises what `give` raised, CancelledError where it was given up.
    """

    def __init__(self, give: Callable[[], bytes], leave: Callable[[], None]) -> None:
        self._given: Future[bytes] = Future()
        self._leave = leave
        self._left = threading.Lock()  # taken by the first who leaves, and kept
        thread = threading.Thread(target=_get, args=(give, self._given), name="fetch", daemon=True)
        thread.start()

    def __call__(self) -> bytes:
        try:
            return self._given.result()
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Let nobody wait for it any longer."""
        self._given.cancel()
        self._given = _nothing()
        if self._left.acquire(blocking=False):
            self._leave()


def _get(give: Callable[[], bytes], given: Future[bytes]) -> None:
    try:
        content = give()
    except BaseException as error:
        with suppress(InvalidStateError):  # given up meanwhile
            given.set_exception(error)
    else:
        with suppress(InvalidStateError):
            given.set_result(content)


def _nothing() -> Future[bytes]:
    taken: Future[bytes] = Future()
    taken.cancel()
    return taken
