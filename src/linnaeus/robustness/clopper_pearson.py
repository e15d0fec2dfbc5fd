"""The least probability that what was counted allows for: Clopper and Pearson's bound (1934)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_least", "probability_at_least"]

HALVINGS = 60  # of an interval of length 1: to the last bit


def at_least(successes: int, trials: int, alpha: float) -> float:
    """The lower end of the one-sided interval of level 1 - `alpha`: exact, so never too high more
    often than `alpha`.

    >>> round(at_least(100, 100, 0.001), 4), at_least(0, 100, 0.001)
    (0.9333, 0.0)
    """
    if successes == 0:
        return 0.0
    low, high = 0.0, successes / trials
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if probability_at_least(successes, trials, middle) > alpha:
            high = middle
        else:
            low = middle
    return low


def probability_at_least(successes: int, trials: int, p: float) -> float:
    """How probable as many `successes` or more in `trials` of probability `p` are."""
    if p <= 0 or p >= 1:
        return float(p >= 1 or successes <= 0)
    counts = np.arange(successes, trials + 1)
    logs = _log_factorials(trials)
    ways = logs[trials] - logs[counts] - logs[trials - counts]
    terms = ways + counts * np.log(p) + (trials - counts) * np.log1p(-p)
    return float(min(1.0, np.exp(terms).sum()))


def _log_factorials(most: int) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
