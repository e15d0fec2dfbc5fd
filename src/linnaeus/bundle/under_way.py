"""A picture's bytes that are being had while others are answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

__all__ = ["UnderWay"]


class UnderWay:
    """What `give` gives: begun at once in a thread of its own, waited for by whoever calls it.

    Raises what `give` raised. The thread keeps no program from ending.
    """

    def __init__(self, give: Callable[[], bytes]) -> None:
        self._given: Future[bytes] = Future()
        threading.Thread(target=self._get, args=(give,), name="fetch", daemon=True).start()

    def __call__(self) -> bytes:
        return self._given.result()

    def _get(self, give: Callable[[], bytes]) -> None:
        try:
            self._given.set_result(give())
        except BaseException as error:
            self._given.set_exception(error)
