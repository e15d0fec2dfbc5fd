"""What every step of making a model smaller may need."""

from __future__ import annotations

import math
from dataclasses import dataclass

from linnaeus.compression.original import Original
from linnaeus.errors import UsageError
from linnaeus.progress import Progress

__all__ = ["Making", "check_epochs", "check_share"]


@dataclass(frozen=True)
class Making:
    """The original, the seed of what is drawn, who is told, and how far each step goes.

    `student`: the name of the network that is distilled into, None: one that suits the pictures.
    `epochs`: passes over the training pictures in a step that learns, None: its own. `share`: of
    the channels, or of the weights, that pruning takes away.
    """

    original: Original
    seed: int
    progress: Progress
    student: str | None = None
    epochs: float | None = None
    share: float = 0.5


def check_epochs(epochs: float | None) -> None:
    """Raise UsageError where nothing can be learnt in so many passes."""
    if epochs is not None and not 0 < epochs < math.inf:
        raise UsageError(
            f"{epochs:g} is no number of passes over the training pictures",
            where="--epochs",
            mend="Give one above 0, such as 6, or leave it out.",
        )


def check_share(share: float) -> None:
    """Raise UsageError where `share` is none that can be taken away."""
    if not 0 < share < 1:
        raise UsageError(
            f"{share:g} is no share that pruning can take away",
            where="--prune-share",
            mend="Give one above 0 and below 1, such as 0.5.",
        )
