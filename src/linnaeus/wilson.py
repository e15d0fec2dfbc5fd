"""Wilson's interval: how far a share that was counted may lie from the true one."""

from __future__ import annotations

from math import sqrt

__all__ = ["Z", "wilson"]

Z = 1.959963984540054  # the standard normal's 97.5 % point


def wilson(share: float, trials: float) -> tuple[float, float]:
    """Wilson's 95 % interval for a share in [0, 1] seen in `trials` (Wilson 1927).

    `trials` may be fractional, as an effective sample size is; without trials it is (0, 1).

    >>> [round(end, 3) for end in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    if trials <= 0:
        return 0.0, 1.0
    middle = (share + Z**2 / (2 * trials)) / (1 + Z**2 / trials)
    spread = sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    half = Z / (1 + Z**2 / trials) * spread
    return max(0.0, middle - half), min(1.0, middle + half)
