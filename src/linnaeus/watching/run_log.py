"""The log of a run: log.jsonl in its folder, one line an event, there as soon as it is told.

What comes out the same when the run is repeated stands at the top of a line; what the machine did
(times, speeds, memory, energy) stands under "machine". docs/reference/log.md has every field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from linnaeus.errors import WriteError
from linnaeus.files import append_whole, write_whole
from linnaeus.progress import Event, Progress

__all__ = ["LOG", "RunLog", "read_log"]

LOG = "log.jsonl"


class RunLog:
    """Writes the events to `path`, after the first `lines` that are there and in place of the rest.

    A line that a full disk refuses is told once, kept, and written with the next.
    `written`: told how many lines there are, after each.
    """

    def __init__(
        self,
        path: Path,
        progress: Progress,
        *,
        lines: int = 0,
        written: Callable[[int], None] = lambda lines: None,
    ) -> None:
        self._path = path
        self._progress = progress
        self._written = written
        self._waiting: list[str] = []
        self._warned = False
        self.lines = lines
        _cut(path, lines)

    def hear(self, event: Event) -> None:
        """Write a line. It is the system's when this returns, and outlives this process."""
        self._waiting.append(_line(event))
        self._write()
        self._written(self.lines)

    def close(self) -> None:
        """Write what still waits, or say how much is lost."""
        if self._waiting and not self._write():
            count = len(self._waiting)
            self._progress.warn(f"{count} {'line' if count == 1 else 'lines'} of the log are lost.")

    def _write(self) -> bool:
        try:
            append_whole(self._path, "".join(self._waiting))
        except WriteError as error:
            if not self._warned:
                self._progress.warn(f"The log waits for the disk, and the run goes on: {error}")
                self._warned = True
            return False
        self.lines += len(self._waiting)
        self._waiting.clear()
        return True


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, also of one that is being written; none where there is no file.

    What stands behind the last line's end is the part of a line that a killed process left.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def _line(event: Event) -> str:
    told = {"event": event.kind, **({"stage": event.stage} if event.stage else {})}
    whole = {**told, **_plain(event.figures), "machine": _plain(event.machine)}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """`value` with null in place of what is no number, which JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "items"):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _cut(path: Path, lines: int) -> None:
    """Leave the first `lines` of the file at `path`, where there is one."""
    if path.exists():
        kept = path.read_bytes().split(b"\n")[:-1][:lines]
        write_whole(path, b"".join(line + b"\n" for line in kept))
