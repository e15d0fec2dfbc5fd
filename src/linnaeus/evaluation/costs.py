"""Costs: what both mistakes of a test cost, and from which probability on an alarm is worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError
from linnaeus.evaluation.intervals import Resampling
from linnaeus.randomness import generator

__all__ = ["Costs"]

Floats = NDArray[np.float64]
Scores = NDArray[np.floating]
Sets = NDArray[np.bool_]

LEAST_COST, MOST_COST = 1e-3, 1e9
"""Within these, costs and thresholds can be told in plain digits; only their ratio decides."""

PARTS = 5
ROUNDING = 1e-12


@dataclass(frozen=True)
class Costs:
    """What a missed picture of the class looked for costs, and a false alarm; in any unit."""

    missed: float
    false_alarm: float

    @property
    def threshold(self) -> float:
        """From which probability on an alarm costs less than none, if probabilities are true."""
        return self.false_alarm / (self.missed + self.false_alarm)

    @property
    def most(self) -> float:
        """What a picture costs at most."""
        return max(self.missed, self.false_alarm)

    def check(self) -> None:
        """Raise UsageError where a cost is no number that can be reckoned with."""
        wrong = [c for c in (self.missed, self.false_alarm) if not LEAST_COST <= c <= MOST_COST]
        if wrong:
            raise UsageError(
                f"a cost of {wrong[0]:g} cannot be reckoned with",
                where="--costs",
                mend="Give the cost of a missed picture and of a false alarm, such as 10:1, each"
                f" from {LEAST_COST:g} to {MOST_COST:,.0f}; their unit does not matter.",
            )

    def of_each(self, truth: Sets, called: Sets) -> Floats:
        """(n,) what each picture costs that is so by `truth` and is `called` so, or is not."""
        each: Floats = self.missed * (truth & ~called) + self.false_alarm * (called & ~truth)
        return each

    def cheapest(self, truth: Sets, score: Scores) -> float:
        """The threshold at which these pictures cost least; of several, the nearest to the stated.

        Thresholds are the scores (n,) themselves, and the next number above all of them, from which
        on none is called.
        """
        levels, place = np.unique(-score, return_inverse=True)
        found = np.cumsum(np.bincount(place, weights=truth, minlength=len(levels)))
        called = np.cumsum(np.bincount(place, minlength=len(levels)))
        costs = self.missed * (truth.sum() - found) + self.false_alarm * (called - found)
        none = np.nextafter(-levels[0], score.dtype.type(np.inf))
        thresholds = np.append(none, -levels)
        costs = np.append(self.missed * truth.sum(), costs)
        best = thresholds[costs <= costs.min() + ROUNDING * self.most * len(truth)]
        return float(best[np.abs(best - self.threshold).argmin()])

    def of_each_elsewhere(self, truth: Sets, score: Scores, by: Resampling) -> Floats:
        """(n,) what each picture costs at the threshold that is cheapest on others.

        Those are four fifths of all, whole groups at a time: unlike that of the cheapest threshold
        on the very pictures, the mean of these does not flatter.
        """
        mixed = generator(by.seed, "thresholds").permutation(by.groups)
        part = mixed[by.codes] % PARTS
        costs = np.zeros(len(truth))
        for inside in (part == at for at in np.unique(part)):
            rest = ~inside if not inside.all() else inside
            called = score >= self.cheapest(truth[rest], score[rest])
            costs[inside] = self.of_each(truth, called)[inside]
        return costs
