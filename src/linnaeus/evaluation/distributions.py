"""Points of distributions that tests of significance need, without SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.significance import student_tail

__all__ = ["range_point", "student_point"]

STEPS_OF_RANGE = 4001  # of the integral: the point is then right to seven digits
HALVINGS = 60  # what is left is 1e-15 or less of the answer


@lru_cache(1024)  # one set of groups asks for the same a thousand times
def student_point(degrees: float, level: float = 0.05) -> float:
    """What Student's t with `degrees` of freedom is further from 0 than, with chance `level`.

    >>> round(student_point(4), 3)
    2.776
    """
    return _where_falls_to(level, lambda t: 2 * student_tail(t, degrees))


@cache
def range_point(count: int, level: float = 0.05) -> float:
    """What the range of `count` standard normal numbers is above with chance `level`.

    That is the studentised range with infinitely many degrees of freedom.

    >>> round(range_point(2), 3)  # the root of 2 times 1.96
    2.772
    """
    return _where_falls_to(level, lambda wide: _range_tail(wide, count))


def _range_tail(wide: float, count: int) -> float:
    """How often the range of `count` standard normal numbers is above `wide`."""
    z = np.linspace(-9.0, 9.0 + wide, STEPS_OF_RANGE)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    between = _normal_share(z) - _normal_share(z - wide)
    heights = density * between ** (count - 1)  # nothing at both ends
    return max(0.0, 1.0 - count * float(heights.sum() * (z[1] - z[0])))


def _normal_share(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([math.erfc(-one / math.sqrt(2)) / 2 for one in z.tolist()])


def _where_falls_to(level: float, tail: Callable[[float], float]) -> float:
    """The argument from 0 on at which the falling `tail` is `level`."""
    low, high = 0.0, 1.0
    while tail(high) > level:
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > level else (low, middle)
    return (low + high) / 2
