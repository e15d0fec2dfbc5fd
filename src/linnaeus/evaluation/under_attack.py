"""How often a finished bundle is right when pictures are attacked, as a report shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnaeus.bundle.predictions import Predictions
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import in_100, times
from linnaeus.progress import Progress

__all__ = ["Attack", "UnderAttack"]


@dataclass(frozen=True)
class UnderAttack:
    """Accuracy on some test `pictures` as they are, after one step along the gradient, and after a
    strong attack, with every level changed by up to `eps` of their range. `defence`: what the
    network was taught to stand up by.
    """

    defence: str
    pictures: int
    eps: float
    clean: Figure
    one_step: Figure
    strong: Figure

    @property
    def sentence(self) -> str:
        """The answer, and what it says of the defence."""
        left = (
            f"Taught by {self.defence}, it is right {times(self.clean.value)} in 100,"
            f" {in_100(self.one_step.value)} after a simple attack and"
            f" {in_100(self.strong.value)} after a strong one."
        )
        if self.strong.high < self.one_step.low:
            left += " What it gains against the simple attack is no security."
        return left

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "defence": self.defence,
            "pictures": self.pictures,
            "eps": self.eps,
            "clean": self.clean.to_json(),
            "one_step": self.one_step.to_json(),
            "strong": self.strong.to_json(),
            "sentence": self.sentence,
        }


Attack = Callable[[str, Path, Dataset, Predictions, Progress], UnderAttack]
"""From the name of a defence, a bundle's folder, a data set and the bundle's answers to pictures of
it to what attacks on these pictures leave. It is handed down from above, as `explained.Explain`."""
