"""How long work tells of itself: sentences, stages with a known or unknown length, and events.

The layers below speak to a `Progress`; the command line draws bars or prints plain lines, and
Python callers who pass nothing hear nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

__all__ = ["Event", "EventKind", "Progress", "Quiet", "Stage"]

EventKind = Literal["begun", "pass", "strength", "stage", "finished", "ended"]


@dataclass(frozen=True)
class Event:
    """What a training has come to: a line of its log, a point of its curves.

    `stage`: the part of the training that it is of, such as "scratch", "probe" or "whole"; empty
    where it is of all. `figures` are plain JSON values that come out the same when the training is
    repeated, `machine` those that do not: times, speeds, memory, energy. None: not measured.
    The kinds and their fields stand in docs/reference/log.md.
    """

    kind: EventKind
    stage: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)
    machine: Mapping[str, object] = field(default_factory=dict)


class Stage(Protocol):
    """One stage of the work, while it lasts."""

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """Say that `amount` more is done, with the newest figures in `note`."""


class Progress(Protocol):
    """Where work tells of itself."""

    def say(self, sentence: str) -> None:
        """Tell the user one sentence that stays."""

    def warn(self, sentence: str) -> None:
        """Tell the user one sentence that asks for attention."""

    def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
        """Open a stage of `total` units (None: unknown), to be used in a `with` statement."""

    def log(self, event: Event) -> None:
        """Tell those who watch a training what it has come to."""


class Quiet:
    """A Progress that tells nobody."""

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def warn(self, sentence: str) -> None:
        """Say nothing."""

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        """A stage that nobody watches."""
        yield self

    def log(self, event: Event) -> None:
        """Say nothing."""

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """Say nothing."""
