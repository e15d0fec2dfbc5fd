"""The log: one JSON object a line, on standard error, for each request and each event.

A thread writes it, so that a reader who has stopped reading cannot stop the server; lines that find
no room meanwhile are counted. Nothing of a picture, and no name of a file, is ever in it.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

__all__ = ["Log"]

MOST_WAITING = 10_000
"""Lines, some 3 MB: what a busy minute on two cores writes."""

EVERY_S = 0.05
CLOSING_S = 2.0


class Log:
    """Writes lines to `stream`; `untold` is called for each that is dropped."""

    def __init__(
        self, stream: TextIO | None = None, untold: Callable[[], None] = lambda: None
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.untold = untold
        self._lines: deque[dict[str, object]] = deque()
        self._closing = threading.Event()
        self._of_libraries = _Lines(self)
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def say(self, event: str, **facts: object) -> None:
        """Write one line: the time (UTC), what happened, and `facts` that are not None."""
        if len(self._lines) >= MOST_WAITING:
            self.untold()
            return
        self._lines.append({"time": time.time(), "event": event, **facts})

    def listen_to_libraries(self) -> None:
        """Write what libraries warn of as lines like all others.

        But for the parser of forms: it quotes what it finds, and that is the caller's own.
        """
        logging.getLogger().addHandler(self._of_libraries)
        logging.getLogger("python_multipart.multipart").disabled = True

    def close(self) -> None:
        """Write what is left, as far as anyone reads it."""
        logging.getLogger().removeHandler(self._of_libraries)
        self._closing.set()
        self._thread.join(CLOSING_S)

    def _write_on(self) -> None:
        """Write what has come, again and again: a thread woken for each line costs more."""
        while not self._closing.wait(EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        try:
            self._stream.write("".join(map(_line, lines)))
            self._stream.flush()
        except (OSError, ValueError):  # its reader is gone; there is nobody to tell
            for _ in lines:
                self.untold()


def _line(told: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(told.pop("time"), UTC).isoformat(timespec="milliseconds")
    facts = {name: fact for name, fact in told.items() if fact is not None}
    return json.dumps({"time": when, **facts}) + "\n"


class _Lines(logging.Handler):
    """What libraries log, as lines of `log`."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        said = self.format(record)
        self._log.say("library", logger=record.name, level=record.levelname, said=said)
