"""Whether one classifier is better than another that was judged beside it, or it may be luck.

McNemar's test is for two trained classifiers on the same pictures, the corrected resampled t for
two ways of training that took turns on the same folds. docs/explanation/significance.md says which
answers what; benchmarks/significance.py measures how often they raise a false alarm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linnaeus.evaluation.distributions import student_point
from linnaeus.evaluation.significance import coin_flips, holm, mcnemar, student_tail

__all__ = ["LEVEL", "Difference", "Discordance", "corrected_resampled_t", "discordance", "together"]

LEVEL = 0.05
"""Below it a difference is called real: of twenty that are none, one is taken for real."""


@dataclass(frozen=True)
class Discordance:
    """How often only one of two classifiers is right about the same picture.

    `first_alone`, `second_alone`: pictures that only this one has right. `p`: how often luck alone
    would part them at least as unevenly, were both right equally often; the mid-p value.
    `exact_p`: the same with all of the observed case's chance, which is never too small and mostly
    too large.
    """

    first_alone: int
    second_alone: int
    p: float
    exact_p: float

    @property
    def real(self) -> bool:
        """Whether it is called real, taken for itself."""
        return self.p < LEVEL

    def to_json(self) -> dict[str, Any]:
        """The test as JSON has it."""
        return {
            "first_alone": self.first_alone,
            "second_alone": self.second_alone,
            "p": self.p,
            "exact_p": self.exact_p,
        }


def discordance(first_right: ArrayLike, second_right: ArrayLike) -> Discordance:
    """McNemar's test of two classifiers that answered the same n pictures, exact and as mid-p.

    `first_right`, `second_right`: (n,) bool, whether each was right. It takes pictures as
    independent, and says something of these two trained classifiers, not of training others so.
    The mid-p value is the one that Fagerland and others (2013) recommend: the exact one finds
    fewer true differences, and neither raises too many false alarms.

    >>> discordance([True] * 9 + [False], [False] * 8 + [True] * 2).p < 0.05
    True
    """
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"the same pictures for both expected, not {first.shape}, {second.shape}")
    alone = int((first & ~second).sum()), int((second & ~first).sum())
    exact = mcnemar(*alone)
    seen = float(coin_flips(sum(alone), np.array(min(alone))))
    return Discordance(*alone, p=1.0 if alone[0] == alone[1] else exact - seen, exact_p=exact)


@dataclass(frozen=True)
class Difference:
    """By how much the first of two is better, with its 95 % interval.

    `p`: how often luck alone would show so large a difference, were there none. `adjusted_p`: the
    same where many pairs were asked about `together`; else it is `p`.
    """

    value: float
    low: float
    high: float
    p: float
    adjusted_p: float

    @property
    def real(self) -> bool:
        """Whether it is called real, with all pairs that were asked about in view."""
        return self.adjusted_p < LEVEL

    def to_json(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "p": self.p,
            "adjusted_p": self.adjusted_p,
            "real": self.real,
        }


def corrected_resampled_t(
    differences: ArrayLike, *, test_to_train: float, resolution: float = 0.0
) -> Difference:
    """Nadeau and Bengio's test (2003) of two ways of training, over the folds that both took.

    `differences`: (runs,), the first's score less the second's in each. `test_to_train`: the ratio
    of their numbers of pictures, 1/4 for five folds; since runs share most of their training
    pictures, their differences are alike, and the variance of the mean is larger by it. Without
    this the t test calls far more than one in twenty differences of equals real. `resolution`: the
    finest difference that a run can show, 1/n for an accuracy on n pictures. Runs are never taken
    to agree better than that.

    Raises ValueError for fewer than two runs.
    """
    given = np.asarray(differences, np.float64)
    runs = len(given)
    if runs < 2:
        raise ValueError("a single run says nothing of how much runs differ")
    mean, spread = float(given.mean()), max(float(given.std(ddof=1)), resolution)
    error = math.sqrt(1 / runs + test_to_train) * spread
    if error == 0:
        p = 1.0 if mean == 0 else 0.0
        return Difference(mean, mean, mean, p, p)
    p = min(1.0, 2 * student_tail(abs(mean) / error, runs - 1))
    half = student_point(runs - 1) * error
    return Difference(mean, mean - half, mean + half, p, p)


def together(differences: list[Difference]) -> list[Difference]:
    """The same differences, of which any is called real only where all hold at once (Holm)."""
    adjusted = holm([one.p for one in differences]).tolist()
    return [replace(one, adjusted_p=p) for one, p in zip(differences, adjusted, strict=True)]
