"""The difference of two means of the same pictures, from the intervals of both."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling

__all__ = ["difference_figure"]

Floats = NDArray[np.float64]


def difference_figure(
    one: Figure, other: Figure, of_one: ArrayLike, of_other: ArrayLike, by: Resampling
) -> Figure:
    """`one` less `other`, which hang together as `of_one` and `of_other` (n,) do in each picture.

    An end lies as far off as those of both together (Zou and Donner 2008): where they are Wilson's,
    it knows of what was not seen. The values of pictures may be in any units. Of a single group
    the two may hang together in any way.
    """
    if by.groups < 2:
        return Figure.around(one.value - other.value, one.low - other.high, one.high - other.low)
    alike = _correlation(np.asarray(of_one, np.float64), np.asarray(of_other, np.float64), by)
    value = one.value - other.value
    below = _apart(one.value - one.low, other.high - other.value, alike)
    above = _apart(one.high - one.value, other.value - other.low, alike)
    return Figure.around(value, value - below, value + above)


def _correlation(one: Floats, other: Floats, by: Resampling) -> float:
    """How the two means vary together over other pictures, or groups, from -1 to 1."""
    moves = [(of - of.mean()) / len(of) for of in (one, other)]
    first, second, both = (by.variance(of) for of in (*moves, moves[0] + moves[1]))
    if not first * second > 0:
        return 0.0
    return min(max((both - first - second) / (2 * sqrt(first * second)), -1.0), 1.0)


def _apart(one: float, other: float, alike: float) -> float:
    return sqrt(max(one**2 + other**2 - 2 * alike * one * other, 0.0))
