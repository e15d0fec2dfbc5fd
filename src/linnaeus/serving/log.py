"""The log: one JSON object a line, on standard error, for each request and each event.

A thread writes it, so that a reader who has stopped reading cannot stop the server; lines that find
no room meanwhile are counted. Nothing of a picture, and no name of a file, is ever in it.
"""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

__all__ = ["Log"]

MOST_WAITING = 10_000
"""Lines, some 3 MB: what a busy minute on two cores writes."""

CLOSING_S = 2.0


class Log:
    """Writes lines to `stream`; `untold` is called for each that is dropped."""

    def __init__(
        self, stream: TextIO | None = None, untold: Callable[[], None] = lambda: None
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.untold = untold
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def say(self, event: str, **facts: object) -> None:
        """Write one line: the time (UTC), what happened, and `facts` that are not None."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {name: fact for name, fact in facts.items() if fact is not None}
        line = json.dumps({"time": time, "event": event, **told})
        try:
            self._lines.put_nowait(line + "\n")
        except queue.Full:
            self.untold()

    def listen_to_libraries(self) -> None:
        """Write what libraries warn of as lines like all others.

        But for the parser of forms: it quotes what it finds, and that is the caller's own.
        """
        root = logging.getLogger()
        root.handlers = [_Lines(self)]
        root.setLevel(logging.WARNING)
        logging.getLogger("python_multipart.multipart").disabled = True

    def close(self) -> None:
        """Write what is left, as far as anyone reads it."""
        try:
            self._lines.put(None, timeout=CLOSING_S)
        except queue.Full:
            return
        self._thread.join(CLOSING_S)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line)
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # its reader is gone; there is nobody to tell
                self.untold()


class _Lines(logging.Handler):
    """What libraries log, as lines of `log`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        said = self.format(record)
        self._log.say("library", logger=record.name, level=record.levelname, said=said)
