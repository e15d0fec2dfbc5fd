"""Bars on a terminal: one a stage, with the time left, and the curves of what learns under it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from linnaeus.cli.curves import Curves
from linnaeus.cli.events import figure_of
from linnaeus.progress import Event, Stage

__all__ = ["Bars"]

LEAST_WIDTH = 64  # characters for a name, a bar that can be read, and the times beside it
REFRESHES = 4  # a second: each takes about two milliseconds from what learns


class Bars:
    """A Progress that draws. A bar and its curves stay as they are when the stage is over."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._accuracy = "right"
        self._curves = Curves()

    def say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False)

    def warn(self, sentence: str) -> None:
        self._console.print(sentence, style="yellow", markup=False)

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
        self._curves = Curves(self._accuracy)
        columns = _columns(wide=self._console.width >= LEAST_WIDTH)
        with _BarWithCurves(self._curves, *columns, console=self._console) as bar:
            task = bar.add_task(name, total=total, note="")

            class Advancing:
                def advance(self, amount: float = 1.0, note: str = "") -> None:
                    bar.update(task, advance=amount)
                    if note:
                        bar.update(task, note=note)

            yield Advancing()
            if total is None:
                bar.update(task, total=1, completed=1)

    def log(self, event: Event) -> None:
        if event.kind == "begun":
            self._accuracy = figure_of(event)
        self._curves.hear(event)


def _columns(*, wide: bool) -> tuple[ProgressColumn, ...]:
    """Where there is no room for all, what matters most: cut short, all of it says nothing."""
    name, share = TextColumn("{task.description}", markup=False), TaskProgressColumn()
    left = (TextColumn("left"), TimeRemainingColumn())
    if not wide:
        return (name, share, *left)
    note = TextColumn("{task.fields[note]}", markup=False)
    return (name, BarColumn(), share, TimeElapsedColumn(), *left, note)


class _BarWithCurves(Progress):
    def __init__(self, curves: Curves, *columns: ProgressColumn, console: Console) -> None:
        self._curves = curves  # before the parent's, which draws at once
        super().__init__(*columns, console=console, refresh_per_second=REFRESHES)

    def get_renderables(self) -> Iterator[RenderableType]:
        yield from super().get_renderables()
        yield self._curves
