"""Sums and differences of means of the same pictures, from the intervals of each."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling

__all__ = ["difference_figure", "sum_figure", "times_figure"]

Floats = NDArray[np.float64]


def difference_figure(
    one: Figure, other: Figure, of_one: ArrayLike, of_other: ArrayLike, by: Resampling
) -> Figure:
    """`one` less `other`, which hang together as `of_one` and `of_other` (n,) do in each picture.

    As `sum_figure`.
    """
    less = times_figure(-1.0, other), -np.asarray(of_other, np.float64)
    return sum_figure([(one, of_one), less], by)


def sum_figure(parts: Sequence[tuple[Figure, ArrayLike]], by: Resampling) -> Figure:
    """The sum of figures, which hang together as their values (n,) do in each picture.

    An end lies as far off as those of all together (Zou and Donner 2008): where they are Wilson's,
    it knows of what was not seen. The values of pictures may be in any units. Of a single group the
    parts may hang together in any way.
    """
    figures = [figure for figure, _ in parts]
    value = sum(figure.value for figure in figures)
    if by.groups < 2:
        low, high = (sum(ends) for ends in zip(*((f.low, f.high) for f in figures), strict=True))
        return Figure.around(value, low, high)
    alike = _correlations([np.asarray(of, np.float64) for _, of in parts], by)
    below = _apart(np.array([figure.value - figure.low for figure in figures]), alike)
    above = _apart(np.array([figure.high - figure.value for figure in figures]), alike)
    return Figure.around(value, value - below, value + above)


def times_figure(factor: float, figure: Figure) -> Figure:
    """`factor` times a figure; of a negative one its ends change places."""
    low, high = sorted((factor * figure.low, factor * figure.high))
    return Figure(factor * figure.value, low, high)


def _correlations(values: Sequence[Floats], by: Resampling) -> Floats:
    """(k, k) how the means of k `values` vary together over other pictures, or groups."""
    moves = [(of - of.mean()) / len(of) for of in values]
    alone = [by.variance(of) for of in moves]
    alike = np.eye(len(moves))
    for at, to in zip(*np.triu_indices(len(moves), 1), strict=True):
        if alone[at] * alone[to] > 0:
            both = by.variance(moves[at] + moves[to])
            shared = (both - alone[at] - alone[to]) / (2 * sqrt(alone[at] * alone[to]))
            alike[at, to] = alike[to, at] = min(max(shared, -1.0), 1.0)
    return alike


def _apart(far: Floats, alike: Floats) -> float:
    return sqrt(max(float(far @ alike @ far), 0.0))
