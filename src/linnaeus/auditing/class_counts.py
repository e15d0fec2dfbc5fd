"""How many pictures each class has, split by split, as bars."""

from __future__ import annotations

from dataclasses import dataclass

from linnaeus.data.findings import Audit

__all__ = ["ClassBar", "Part", "class_bars"]

WIDTH = 200.0
"""Of the longest bar, in units of the drawing."""


@dataclass(frozen=True)
class Part:
    """The pictures of one split in a bar: `split` is "" where none is given."""

    split: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class ClassBar:
    """One class: its pictures in all splits, as parts of one bar. Bars are drawn to one scale."""

    name: str
    total: int
    parts: tuple[Part, ...]


def class_bars(audit: Audit) -> list[ClassBar]:
    """A bar for each class, in the order of the classes."""
    totals = audit.class_totals()
    unit = WIDTH / max(1, *totals.values())
    bars = []
    for name, total in totals.items():
        start, parts = 0.0, []
        for split, counts in audit.counts.items():
            parts.append(Part(split, counts[name], round(start, 2), round(counts[name] * unit, 2)))
            start += counts[name] * unit
        bars.append(ClassBar(name, total, tuple(parts)))
    return bars
