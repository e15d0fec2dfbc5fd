"""Costs: what both mistakes of a test cost, and from which probability on an alarm is worth it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError
from linnaeus.evaluation.difference import sum_figure, times_figure
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, accuracy_figure
from linnaeus.randomness import generator

__all__ = ["Costs"]

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

    def mean(self, truth: Sets, called: Sets) -> float:
        """What a picture costs on average, where (n,) it is so by `truth` and is `called` so."""
        missed, alarms = truth & ~called, called & ~truth
        return float(self.missed * missed.mean() + self.false_alarm * alarms.mean())

    def figure(self, truth: Sets, called: Sets, by: Resampling) -> Figure:
        """The same with its interval, put together from those of both mistakes.

        A bootstrap knows nothing of a costly mistake that was not seen, or hardly: where one miss
        in 200 pictures is to be expected and costs 20, 67 of 100 of its intervals held the truth.
        """
        wrong = (self.missed, truth & ~called), (self.false_alarm, called & ~truth)
        figure = _together(wrong, by)
        return Figure.around(figure.value, max(figure.low, 0.0), min(figure.high, self.most))

    def more(self, truth: Sets, called: Sets, rival: Sets, by: Resampling) -> Figure:
        """By how much more a picture costs where `called` (n,) so than by the `rival` call.

        Of two thresholds one calls none that the other does not: nor would it on other pictures.
        """
        weighed: list[tuple[float, Sets]] = []
        for sign, alone in ((1, called & ~rival), (-1, rival & ~called)):
            if alone.any():
                weighed.append((sign * self.false_alarm, alone & ~truth))
                weighed.append((-sign * self.missed, alone & truth))
        return _together(weighed, by) if weighed else Figure(0.0, 0.0, 0.0)

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

    def called_elsewhere(self, truth: Sets, score: Scores, by: Resampling) -> Sets:
        """(n,) whether each picture is called so from the threshold on that is cheapest on others.

        Those are four fifths of all, whole groups at a time: unlike that of the cheapest threshold
        on the very pictures, the cost of these does not flatter.
        """
        mixed = generator(by.seed, "thresholds").permutation(by.groups)
        part = mixed[by.codes] % PARTS
        called = np.zeros(len(truth), bool)
        for inside in (part == at for at in np.unique(part)):
            rest = ~inside if not inside.all() else inside
            called[inside] = score[inside] >= self.cheapest(truth[rest], score[rest])
        return called


def _together(weighed: Sequence[tuple[float, Sets]], by: Resampling) -> Figure:
    """The sum of shares of pictures (n,), each times its weight, as `sum_figure` has it."""
    return sum_figure(
        [(times_figure(weight, accuracy_figure(hit, by)), weight * hit) for weight, hit in weighed],
        by,
    )
