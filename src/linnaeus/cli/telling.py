"""How the command line tells of long work: bars on a terminal, plain lines anywhere else.

All of it goes to standard error, so that standard output holds results only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from linnaeus.cli.events import figure_of, in_words
from linnaeus.progress import Event, Progress, Stage

__all__ = ["plain_teller", "teller"]

SECONDS_BETWEEN_LINES = 10.0


def teller() -> Progress:
    """The Progress for this process's standard error."""
    if not sys.stderr.isatty():
        return plain_teller()
    from linnaeus.cli.bars import Bars  # loads rich

    return Bars()


def plain_teller() -> Progress:
    """The Progress that tells in plain lines, on a terminal too."""
    return _Lines()


class _Lines:
    """Plain lines: each stage's name, now and then how far it is, and what it took."""

    def __init__(self) -> None:
        self._figure = "right"

    def say(self, sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)

    def warn(self, sentence: str) -> None:
        print(f"Warning: {sentence}", file=sys.stderr, flush=True)

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        stage = _LineStage(name, total)
        yield stage
        stage.end()

    def log(self, event: Event) -> None:
        if event.kind == "begun":
            self._figure = figure_of(event)
        if line := in_words(event, self._figure):
            print(line, file=sys.stderr, flush=True)


class _LineStage:
    def __init__(self, name: str, total: float | None) -> None:
        self._name = name
        self._total = total
        self._done = 0.0
        self._note = ""
        self._began = self._told = time.monotonic()

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self._done += amount
        self._note = note or self._note
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            print(f"{self._name}: {self._how_far(now)}", file=sys.stderr, flush=True)

    def end(self) -> None:
        took = time.monotonic() - self._began
        note = f" · {self._note}" if self._note else ""
        print(f"{self._name}: {took:.1f} s{note}", file=sys.stderr, flush=True)

    def _how_far(self, now: float) -> str:
        note = f" · {self._note}" if self._note else ""
        if not self._total:
            return f"{self._done:,.0f}{note}"
        share = min(self._done / self._total, 1.0)
        left = (now - self._began) * (1 - share) / share if share else 0.0
        return f"{100 * share:.0f} %, about {_duration(left)} left{note}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
