"""The events of a training, from the lines of its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linnaeus.progress import Event

__all__ = ["event_of"]


def event_of(line: Mapping[str, Any]) -> Event:
    """The event that a line of log.jsonl is of."""
    figures = {n: value for n, value in line.items() if n not in ("event", "stage", "machine")}
    return Event(line["event"], line.get("stage", ""), figures, line.get("machine", {}))
