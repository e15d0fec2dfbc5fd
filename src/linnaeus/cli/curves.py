"""Small drawings of loss and accuracy while something learns, of the dots that Braille is made of.

A cell holds 2 x 4 dots, so a drawing of 32 x 5 cells is one of 64 x 20 dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import isfinite

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from linnaeus.progress import Event

__all__ = ["Curves", "drawn"]

CELLS, ROWS = 32, 5
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a cell, by its row and column."""
STYLES = {"train": "cyan", "validation": "green"}
NAMES = {"train": "training", "validation": "validation"}
LEAST_WIDTH = 2 * (CELLS + 10)  # columns of the terminal that two drawings side by side take

Points = Sequence[float]


class Curves:
    """Loss and `accuracy` of the passes, or strengths, that it hears of, from the second on."""

    def __init__(self, accuracy: str = "right") -> None:
        self._accuracy = accuracy
        self._heard: list[Event] = []
        self._drawings: list[Text] = []

    def hear(self, event: Event) -> None:
        """Take a pass or a strength; other events have no place in a curve."""
        if event.kind in ("pass", "strength"):
            self._heard.append(event)
            both = self._drawing("loss", "log loss"), self._drawing("accuracy", self._accuracy)
            self._drawings = [drawing for drawing in both if drawing]

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to draw yet."""
        return bool(self._drawings)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self._drawings or options.ascii_only:
            return
        table = Table.grid(padding=(0, 2))
        wide = options.max_width >= LEAST_WIDTH
        for row in [self._drawings] if wide else [[drawing] for drawing in self._drawings]:
            table.add_row(*row)
        yield table

    def _drawing(self, figure: str, title: str) -> Text | None:
        """The lines of training and validation in one frame; None where neither was measured."""
        lines = {side: self._points(f"{side}_{figure}") for side in STYLES}
        lines = {side: points for side, points in lines.items() if len(points) > 1}
        if not lines:
            return None
        values = [value for points in lines.values() for value in points]
        low, high = min(values), max(values)
        spell = "{:6.1%}".format if figure == "accuracy" else "{:6.3f}".format
        text = Text(f"{'':7}{title}: ")
        for side, points in lines.items():
            text.append(f"{NAMES[side]} {spell(points[-1]).strip()} ", STYLES[side])
        rows = _layered({side: drawn(points, low, high) for side, points in lines.items()})
        for place, row in enumerate(rows):
            edge = {0: spell(high), ROWS - 1: spell(low)}.get(place, " " * 6)
            text.append(f"\n{edge} ", "dim")
            text.append_text(row)
        return text

    def _points(self, name: str) -> list[float]:
        values = (event.figures.get(name) for event in self._heard)
        return [float(v) for v in values if isinstance(v, int | float) and isfinite(v)]


def drawn(points: Points, low: float, high: float) -> list[list[int]]:
    """Two `points` or more, from left to right, as (ROWS, CELLS) cells of dots, `low` below."""
    cells = [[0] * CELLS for _ in range(ROWS)]
    heights = [_height(_at(points, x), low, high) for x in range(2 * CELLS)]
    for x, (before, here) in enumerate(pairwise([heights[0], *heights])):
        first, last = sorted((here, before + (here > before) - (here < before)))
        for y in range(first, last + 1):
            row = 4 * ROWS - 1 - y
            cells[row // 4][x // 2] |= DOTS[row % 4][x % 2]
    return cells


def _at(points: Points, x: int) -> float:
    """The value at the dot `x` of the width, on the straight line between its neighbours."""
    place = x * (len(points) - 1) / (2 * CELLS - 1)
    left = min(int(place), len(points) - 2)
    return points[left] + (points[left + 1] - points[left]) * (place - left)


def _height(value: float, low: float, high: float) -> int:
    return round((value - low) / (high - low) * (4 * ROWS - 1)) if high > low else 0


def _layered(drawings: dict[str, list[list[int]]]) -> list[Text]:
    """All of the drawings in one; a cell has the style of the last one with a dot in it."""
    return [
        Text.assemble(*_joined([_cell(drawings, row, column) for column in range(CELLS)]))
        for row in range(ROWS)
    ]


def _cell(drawings: dict[str, list[list[int]]], row: int, column: int) -> tuple[str, str]:
    dots, style = 0, ""
    for side, cells in drawings.items():
        if cells[row][column]:
            dots, style = dots | cells[row][column], STYLES[side]
    return chr(BRAILLE + dots), style


def _joined(cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of one style as one piece: the fewer there are, the quicker they are drawn."""
    return [
        ("".join(dots for dots, _ in run), style)
        for style, run in groupby(cells, key=lambda cell: cell[1])
    ]
