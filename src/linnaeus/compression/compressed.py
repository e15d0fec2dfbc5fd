"""What came of making a bundle smaller: the one that was kept, and all that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import load
from linnaeus.compression.before import Before
from linnaeus.compression.tried import Tried
from linnaeus.evaluation.wording import size

__all__ = ["Compressed"]

ALIKE = 0.05
"""Sizes that differ by a smaller share are not told apart: the texts beside a network vary."""


@dataclass(frozen=True, eq=False)
class Compressed:
    """A finished smaller bundle in `folder`.

    `tried`: every method in the order in which it was tried; `chosen` is the one that was kept.
    """

    folder: Path
    name: str
    before: Before
    tried: tuple[Tried, ...]
    chosen: Tried

    @property
    def size_bytes(self) -> int:
        """What all files of the smaller bundle take."""
        return self.chosen.size_bytes

    @property
    def bundle(self) -> Path:
        """The folder of the smaller bundle."""
        return self.folder / "bundle"

    @property
    def page(self) -> Path:
        """The page of what was gained and lost."""
        return self.folder / "compression.html"

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What was gained and what it costs, in a few sentences."""
        one = self.chosen
        return (self._size_in_words, one.speed_in_words, one.lost_in_words)

    @property
    def _size_in_words(self) -> str:
        one, first = self.chosen, self.before
        smaller = first.size_bytes / one.size_bytes
        now, then = size(one.size_bytes), size(first.size_bytes)
        weighs = f"{smaller:.1f} times smaller: {now} in place of {then}"
        if abs(smaller - 1) < ALIKE:
            weighs = f"Its files are as large as before, {now}"
        return f"{weighs}; packed, {size(one.packed_bytes)} in place of {size(first.packed_bytes)}."

    def classifier(self) -> Classifier:
        """The smaller bundle, opened as `linnaeus.load` does."""
        return load(self.bundle)

    def to_json(self) -> dict[str, Any]:
        """As compression.json has it."""
        return {
            "bundle": self.name,
            "chosen": self.chosen.method,
            "size_bytes": self.size_bytes,
            "packed_bytes": self.chosen.packed_bytes,
            "before": self.before.to_json(),
            "tried": [one.to_json() for one in self.tried],
            "in_plain_words": list(self.in_plain_words),
        }
