"""What attacking a bundle came to, as figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, times
from linnaeus.robustness.attacks.patch import SHARE
from linnaeus.robustness.attacks.problem import Norm
from linnaeus.robustness.defences.squeezing import (
    Squeezing,
)

__all__ = ["Attacked", "Example"]


@dataclass(frozen=True)
class Attacked:
    """What attacks within `eps` (of the range of levels, in `norm`) did.

    `clean`: accuracy without any. `accuracy`: by attack, of all pictures; of the strong ensemble,
    each attack is on what those before it left. `robust`: what stands after all of them, but for
    the patch, which keeps to no distance and counts where it is the only one. `saved`:
    as `robust`, when the changed pictures are saved in whole levels and the bundle itself answers.
    `signs`: what speaks for masked gradients, as sentences. `squeezing`: what feature squeezing is
    worth here; None where that was not asked. `unread`: {picture: why it could not be read}.
    """

    name: str
    pictures: int
    eps: float
    norm: Norm
    clean: Figure
    accuracy: dict[str, Figure]
    robust: Figure
    saved: Figure
    signs: tuple[str, ...]
    examples: tuple[Example, ...]
    remarks: tuple[str, ...]
    unread: Mapping[str, str]
    squeezing: Squeezing | None = None

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        robust = self.robust
        answer = (
            f"Right {times(self.clean.value)} in 100, and {in_100(robust.value)}"
            f" ({between(robust)}) when every picture is changed {self._how} in the worst way that"
            " was found."
        )
        words = [answer]
        if robust.value < self.clean.value / 2:
            words.append(
                "Whoever can change pictures before they arrive can have most of them named as they"
                " like: let no answer unlock anything."
            )
            if not self._by_patch:  # of which adversarial training knows nothing
                words.append(
                    "A network that learns with --set network.adversary=free stands up better."
                )
        defended = self.squeezing.in_plain_words if self.squeezing else ()
        return (*words, *defended, *self.signs)

    @property
    def _by_patch(self) -> bool:
        return list(self.accuracy) == ["patch"]

    @property
    def _how(self) -> str:
        if self._by_patch:
            return f"within a square of {100 * SHARE:.0f} % of its area"
        far = f"{255 * self.eps:.3g}/255" if self.norm == "linf" else f"{self.eps:g}"
        return f"by up to {far}"

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "bundle": self.name,
            "pictures": self.pictures,
            "eps": self.eps,
            "norm": self.norm,
            "clean": self.clean.to_json(),
            "accuracy": {name: figure.to_json() for name, figure in self.accuracy.items()},
            "robust": self.robust.to_json(),
            "saved": self.saved.to_json(),
            "signs_of_gradient_masking": self.signs,
            "squeezing": self.squeezing.to_json() if self.squeezing else None,
            "in_plain_words": self.in_plain_words,
            "remarks": self.remarks,
            "unread": dict(self.unread),
        }


@dataclass(frozen=True)
class Example:
    """A picture that was fooled: before and after, (h, w, 3) uint8, and what was said of each."""

    name: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    said: str
    then: str
