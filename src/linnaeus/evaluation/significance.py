"""Tests of whether a difference is real, and Holm's correction for having made many of them.

Without SciPy, which a bundle at work does not need; checked against it in the tests.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, inf, lgamma, log, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["coin_flips", "fewer_by_chance", "holm", "mcnemar", "student_tail"]

Floats = NDArray[np.float64]

SMALLEST = 1e-300  # keeps Lentz's quotients off 0; below what a float64 divides by safely
STEPS = 10_000  # of the continued fraction; some sqrt(degrees) are needed, a dozen as a rule


def holm(p_values: ArrayLike, kinds: ArrayLike | None = None) -> Floats:
    """(n,) p-values corrected for there being n of them (Holm 1979), in the given order.

    Who takes those below 0.05 for real is wrong about any of them 5 times in 100 at most, however
    the tests hang together. `kinds` (n,): where there are few tests of one kind and many of
    another, either kind counts as much on the whole (his weighted procedure).
    """
    given = np.asarray(p_values, np.float64)
    weights = np.ones(len(given)) if kinds is None else _alike_on_the_whole(kinds)
    order = np.argsort(given / weights, kind="stable")
    remaining = np.cumsum(weights[order][::-1])[::-1]
    scaled = (given / weights)[order] * remaining
    corrected = np.empty_like(given)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected


def _alike_on_the_whole(kinds: ArrayLike) -> Floats:
    """(n,) weights, those of each of the `kinds` (n,) sum to 1."""
    _, codes, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    weights: Floats = 1 / counts[codes]
    return weights


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value, two-sided and exact, of two classifiers being right equally often.

    `only_first`: pictures that the first alone had right; `only_second`: the second alone. What
    both had right, or neither, says nothing of which is better (McNemar 1947).
    """
    discordant = only_first + only_second
    if not discordant:
        return 1.0
    few = np.arange(min(only_first, only_second) + 1)
    return min(1.0, 2 * float(coin_flips(discordant, few).sum()))


def coin_flips(flips: int, heads: NDArray[np.int64]) -> Floats:
    """The chances of just so many `heads`, of any shape, among the `flips` of a fair coin."""
    chances: Floats = np.exp(_log_choose(flips, heads) - flips * log(2))
    return chances


def fewer_by_chance(right: int, drawn: int, all_right: int, everything: int) -> float:
    """The chance of `right` or fewer right ones among `drawn` of `everything`, `all_right` of them.

    This is Fisher's exact test, one-sided: of a part being as often right as the rest is. Time
    grows with `drawn`.
    """
    lowest = max(0, drawn - (everything - all_right))
    counts = np.arange(lowest, right + 1)
    chances = (
        _log_choose(all_right, counts)
        + _log_choose(everything - all_right, drawn - counts)
        - _log_choose(everything, np.array(drawn))
    )
    return min(1.0, float(np.exp(chances).sum()))


def student_tail(t: float, degrees: float) -> float:
    """The chance of a Student's t of so many `degrees` of freedom being `t` or more."""
    if t == inf:
        return 0.0
    half = 0.5 * _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))
    return half if t >= 0 else 1 - half


def _log_choose(total: int, chosen: NDArray[np.int64]) -> Floats:
    """The logarithms of the numbers of ways to choose so many of `total`."""
    logs = _log_factorials(1 << int(total).bit_length())
    ways: Floats = logs[total] - logs[chosen] - logs[total - chosen]
    return ways


@lru_cache(maxsize=4)
def _log_factorials(most: int) -> Floats:
    """(most + 1,) the logarithms of 0!, 1!, …"""
    logs: Floats = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])
    return logs


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by Lentz's continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    value, c, d = 1.0, 1.0, 0.0
    for step in range(STEPS):
        half = step // 2
        if step == 0:
            part = 1.0
        elif step % 2 == 0:
            part = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        else:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        d = 1 / (1 + part * d or SMALLEST)
        c = 1 + part / c or SMALLEST
        value *= c * d
        if step and abs(c * d - 1) < 1e-15:
            break
    return front * (value - 1)
