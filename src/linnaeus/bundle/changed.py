"""Whether a picture was changed on purpose: it is where squeezing moves its answer far.

Small changes that were sought out to fool a network mostly do so no more once a picture is made
poorer, and then its probabilities move; those of a picture as it came seldom do (Xu and others
2018). `linnaeus attack --defence squeeze` finds how far is too far for a bundle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError

__all__ = [
    "FALSE_ALARMS",
    "FARTHEST",
    "LEAST_PICTURES",
    "check_changed_above",
    "moved_by",
    "threshold_from",
]

FARTHEST = 2.0
"""Between two sets of probabilities: they have no class in common."""

FALSE_ALARMS = 0.05
"""Of pictures as they come, how many may be called changed."""

LEAST_PICTURES = 19  # of fewer, no quantile promises so few false alarms
STEP = 1e-4  # of a threshold: four digits, as people type them


def moved_by(
    plain: NDArray[np.float32], squeezed: Iterable[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """(n,) the largest L1 distance, 0 to 2, between the `plain` probabilities (n, classes) of each
    picture and those of it `squeezed`."""
    distances: NDArray[np.float32] = np.max(
        [np.abs(one - plain).sum(axis=1) for one in squeezed], axis=0
    )
    return distances


def threshold_from(distances: NDArray[np.float64]) -> float:
    """Above which at most `FALSE_ALARMS` of pictures lie that come as those did whose answers moved
    by `distances` (n,), n at least `LEAST_PICTURES`: the quantile, rounded up to a few digits."""
    rank = math.ceil((len(distances) + 1) * (1 - FALSE_ALARMS))
    exact = float(np.sort(distances)[rank - 1])
    return min(round(math.ceil(exact / STEP) * STEP, 4), FARTHEST)


def check_changed_above(distance: float) -> None:
    """Raise UsageError where `distance` is none that probabilities can move."""
    if not 0 <= distance <= FARTHEST:
        raise UsageError(
            f"{distance:g} is no distance that probabilities can move",
            where="--changed-above",
            mend="Give one from 0 to 2, such as that which linnaeus attack --defence squeeze"
            " measures.",
        )
