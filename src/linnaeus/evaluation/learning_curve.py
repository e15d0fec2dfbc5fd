"""How a classifier gets better with more pictures, and what twice as many would bring.

The share of mistakes falls as an inverse power of the number of training pictures towards a floor,
`floor + scale × n^-power`, as is seen of most learners (Hestness and others 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import TAILS, Resampling, accuracy_figure

__all__ = ["LearningCurve", "Measured", "fit_curve"]

Floats = NDArray[np.float64]

POWERS = np.linspace(0.05, 1.5, 30)
"""Tried one by one: below the first nothing is gained by any number of pictures that one could
have, and no learner is seen to be faster than the last."""

DRAWS = 500
FEWEST_POINTS = 3


@dataclass(frozen=True)
class Measured:
    """The share of mistakes of a classifier that learnt from `pictures`."""

    pictures: int
    mistakes: Figure

    def to_json(self) -> dict[str, Any]:
        """The point as JSON has it."""
        return {"pictures": self.pictures, "mistakes": self.mistakes.to_json()}


@dataclass(frozen=True)
class LearningCurve:
    """Points that were measured, and the curve through them.

    `floor`, `scale`, `power`: of the curve. `gain`: how much less the share of mistakes would be
    with twice the pictures of the last point, with its interval from other test pictures. Where the
    last point has no mistake, it may be all that its interval leaves possible.
    """

    points: tuple[Measured, ...]
    floor: float
    scale: float
    power: float
    gain: Figure

    def at(self, pictures: float) -> float:
        """The share of mistakes that the curve gives for `pictures`."""
        return float(self.floor + self.scale * pictures**-self.power)

    def to_json(self) -> dict[str, Any]:
        """The curve as JSON has it."""
        return {
            "points": [point.to_json() for point in self.points],
            "floor": self.floor,
            "scale": self.scale,
            "power": self.power,
            "gain_of_twice": self.gain.to_json(),
        }


def fit_curve(
    pictures: Sequence[int],
    right: Sequence[NDArray[np.bool_]],
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> LearningCurve:
    """Fit the curve to classifiers that learnt from `pictures`, rising, and judged the same n.

    `right`: for each, (n,) bool, whether its answers were right. Points count by how well n
    pictures tell them. The interval comes from drawing the test pictures anew, all points together
    and whole `groups` (n,) where they come in such; that another training would have come out
    otherwise is not in it.

    Raises ValueError for fewer than three points.
    """
    if len(pictures) < FEWEST_POINTS:
        raise ValueError("three numbers of pictures are the least that a curve is fitted to")
    wrong = 1.0 - np.stack(right).astype(np.float64)  # (points, n)
    count = wrong.shape[1]
    sizes = np.array(pictures, np.float64)
    seen = wrong.mean(axis=1)
    resampling = Resampling.of(count, groups, DRAWS, seed)
    drawn = _drawn(wrong, resampling)
    weights = count / np.maximum(seen * (1 - seen), 1 / count)
    floor, scale, power = (float(one[0]) for one in _fitted(sizes, seen[None], weights))
    gains = _gain(sizes[-1], *_fitted(sizes, drawn, weights)[1:])
    gain = float(_gain(sizes[-1], np.array([scale]), np.array([power]))[0])
    low, high = np.quantile(gains, TAILS)
    points = tuple(
        Measured(int(n), accuracy_figure(~one, resampling))
        for n, one in zip(pictures, right, strict=True)
    )
    last = points[-1].mistakes
    if last.value == 0:  # no drawing of these test pictures has a mistake that could go
        high = max(high, last.high)
    return LearningCurve(points, floor, scale, power, Figure.around(gain, low, high))


def _drawn(wrong: Floats, resampling: Resampling) -> Floats:
    """(draws, points): the share of mistakes in each drawing. `wrong`: (points, n), 0 or 1."""
    codes, groups = resampling.codes, resampling.groups
    mistakes = np.stack([np.bincount(codes, weights=one, minlength=groups) for one in wrong])
    pictures = np.bincount(codes, minlength=groups)
    times = np.stack(list(resampling.times()))
    shares: Floats = times @ mistakes.T / (times @ pictures)[:, None]
    return shares


def _gain(pictures: float, scale: Floats, power: Floats) -> Floats:
    """What the curve falls by from `pictures` to twice as many."""
    return scale * pictures**-power * (1 - 2.0**-power)


def _fitted(sizes: Floats, drawn: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Floor, scale and power, (draws,) each, with the least weighted squares over the `POWERS`.

    `drawn`: (draws, points). Floor and scale are not below 0.
    """
    best = np.full(len(drawn), np.inf)
    found = [np.zeros(len(drawn)) for _ in range(3)]
    for power in POWERS:
        falling = sizes**-power
        floor, scale = _line(falling, drawn, weights)
        squares = ((drawn - floor[:, None] - scale[:, None] * falling) ** 2 * weights).sum(axis=1)
        better = squares < best - 1e-12
        best[better] = squares[better]
        for kept, new in zip(found, (floor, scale, np.full(len(drawn), power)), strict=True):
            kept[better] = new[better]
    return found[0], found[1], found[2]


def _line(falling: Floats, drawn: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Floor and scale, (draws,) each, of the weighted line over `falling` (points,)."""
    share = weights / weights.sum()
    middle, level = falling @ share, drawn @ share
    steep = ((falling - middle) * share) @ (drawn - level[:, None]).T
    scale = np.maximum(steep / ((falling - middle) ** 2 @ share), 0.0)
    floor = level - scale * middle
    through_nought = (drawn * falling) @ share / (falling**2 @ share)
    below = floor < 0
    return np.where(below, 0.0, floor), np.where(below, np.maximum(through_nought, 0.0), scale)
