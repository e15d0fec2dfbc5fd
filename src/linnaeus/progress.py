"""How long work tells of itself: sentences, and stages with a known or unknown length.

The layers below speak to a `Progress`; the command line draws bars or prints plain lines, and
Python callers who pass nothing hear nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

__all__ = ["Progress", "Quiet", "Stage"]


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

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """Say nothing."""
