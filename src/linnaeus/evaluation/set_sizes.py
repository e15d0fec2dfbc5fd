"""How many labels a set holds on average, with an interval that knows of sizes not seen."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.difference import difference_figure
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, spread_figure

__all__ = ["mean_size_figure"]

Floats = NDArray[np.float64]


def mean_size_figure(sizes: NDArray[np.int64], classes: int, by: Resampling) -> Figure:
    """The mean of `sizes` (n,), each from 0 to `classes`.

    Most sets are of one size. What larger and smaller ones add and take off are shares of what they
    could, were all as far from it as the furthest seen, by one at least; each has Wilson's interval
    at the number of coin flips that would vary as much, and an end lies as far off as both ends
    together (Zou and Donner 2008). By simulation it holds the truth in 92 to 98 of 100 tests; a
    bootstrap in 88 where 98 of 100 sets are of one size.
    """
    usual = int(np.bincount(sizes).argmax())
    more, less = np.maximum(sizes - usual, 0), np.maximum(usual - sizes, 0)
    furthest = max(int(more.max()), int(less.max()), 1)
    added = _part(more, min(furthest, classes - usual), by)
    taken = _part(less, min(furthest, usual), by)
    apart = difference_figure(added, taken, more, less, by)
    low, high = max(usual + apart.low, 0.0), min(usual + apart.high, float(classes))
    return Figure.around(float(sizes.mean()), low, high)


def _part(of_each: NDArray[np.int64], most: int, by: Resampling) -> Figure:
    """The mean of `of_each` (n,), which lie between 0 and `most`."""
    if not most:
        return Figure(0.0, 0.0, 0.0)
    shares: Floats = of_each / most
    variance = by.variance((shares - shares.mean()) / len(shares))
    figure = spread_figure(float(shares.mean()), variance, float(len(shares)), by, most=inf)
    return Figure(*(most * end for end in (figure.value, figure.low, figure.high)))
