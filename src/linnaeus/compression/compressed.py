"""What came of making a bundle smaller: the one that was kept, and all that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnaeus.bundle.classifier import Classifier, load
from linnaeus.compression.tried import Before, Tried
from linnaeus.evaluation.wording import size

__all__ = ["Compressed"]


@dataclass(frozen=True, eq=False)
class Compressed:
    """A finished smaller bundle in `folder`.

    `tried`: every method in the order in which it was tried; `chosen` is the one that was kept.
    `size_bytes`: of all its files.
    """

    folder: Path
    name: str
    before: Before
    tried: tuple[Tried, ...]
    chosen: Tried
    size_bytes: int

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
        smaller = self.before.size_bytes / self.size_bytes
        now, then = size(self.size_bytes), size(self.before.size_bytes)
        weighs = f"{smaller:.1f} times smaller: {now} in place of {then}."
        return (weighs, one.speed_in_words, one.lost_in_words)

    def classifier(self) -> Classifier:
        """The smaller bundle, opened as `linnaeus.load` does."""
        return load(self.bundle)

    def to_json(self) -> dict[str, Any]:
        """As compression.json has it."""
        return {
            "bundle": self.name,
            "chosen": self.chosen.method,
            "size_bytes": self.size_bytes,
            "before": self.before.to_json(),
            "tried": [one.to_json() for one in self.tried],
            "in_plain_words": list(self.in_plain_words),
        }
