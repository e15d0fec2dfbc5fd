"""Label sets: the classes that a picture may be, right as often as the user asks (conformal).

From answers to held-out pictures come scores, from the scores a threshold for any coverage, and
from that the set of every further picture. Nothing is assumed of the network: if further pictures
come as the held-out ones did, their sets hold the true class with the coverage that was asked for.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError

__all__ = [
    "METHODS",
    "NO_PENALTY",
    "Method",
    "Penalty",
    "Scores",
    "Sets",
    "check_coverage",
    "fit_penalty",
    "label_scores",
    "tie_breakers",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

Method = Literal["lac", "aps", "raps", "class-conditional"]
METHODS: tuple[str, ...] = get_args(Method)

ROUNDING = 1e-8
"""Sums of float32 probabilities differ by so much in another order: a score this near is equal."""

PENALTY_WEIGHTS = (0.001, 0.01, 0.1, 0.2, 0.5)
"""Those that the paper of RAPS tries."""


@dataclass(frozen=True)
class Penalty:
    """What RAPS adds to a label's score: `weight` for each rank beyond `rank` (counted from 1)."""

    rank: int
    weight: float


NO_PENALTY = Penalty(1, 0.0)


@dataclass(frozen=True, eq=False)
class Scores:
    """How badly the true class of each held-out picture fitted: what thresholds are taken from.

    `true`: (n,) float64, the score of the true class by `method`. `labels`: (n,) int64.
    """

    method: Method
    true: Floats
    labels: Labels
    classes: int
    penalty: Penalty = NO_PENALTY

    @classmethod
    def of(
        cls,
        method: Method,
        probabilities: NDArray[np.floating],
        labels: Labels,
        chance: Floats,
        penalty: Penalty = NO_PENALTY,
    ) -> Scores:
        """Score held-out pictures: `probabilities` (n, classes), `labels` (n,), `chance` (n,)."""
        scores = label_scores(method, probabilities, chance, penalty)
        true = scores[np.arange(len(labels)), labels]
        return cls(method, true, labels, probabilities.shape[1], penalty)

    def sets(self, coverage: float) -> Sets:
        """The rule that gives label sets with `coverage`, a share above 0 and below 1.

        Raises UsageError for what is no such share.
        """
        check_coverage(coverage)
        if self.method != "class-conditional":
            thresholds = np.full(self.classes, _threshold(self.true, coverage))
        else:
            each = [self.true[self.labels == label] for label in range(self.classes)]
            thresholds = np.array([_threshold(scores, coverage) for scores in each])
        return Sets(self.method, coverage, thresholds, self.penalty)


@dataclass(frozen=True, eq=False)
class Sets:
    """A rule for label sets: a class is in where its score is at most the class's threshold.

    `thresholds`: (classes,) float64; infinite where there were too few held-out pictures to leave
    a class out with the `coverage` asked for, so that it is in every set.
    """

    method: Method
    coverage: float
    thresholds: Floats
    penalty: Penalty = NO_PENALTY

    def __call__(self, probabilities: NDArray[np.floating], chance: Floats) -> NDArray[np.bool_]:
        """(n, classes) bool: which classes are in the set of each picture.

        `chance` (n,) in [0, 1) as `tie_breakers` gives it. A set may be empty: then no class fits
        as well as the true one mostly does. A row of NaN gives an empty set.
        """
        scores = label_scores(self.method, probabilities, chance, self.penalty)
        with np.errstate(invalid="ignore"):
            inside: NDArray[np.bool_] = scores <= self.thresholds + ROUNDING
        return inside

    @property
    def unjudged(self) -> NDArray[np.int64]:
        """Positions of the classes that are in every set for want of held-out pictures."""
        return np.flatnonzero(np.isinf(self.thresholds)).astype(np.int64)


def label_scores(
    method: Method,
    probabilities: NDArray[np.floating],
    chance: Floats,
    penalty: Penalty = NO_PENALTY,
) -> Floats:
    """(n, classes) float64: how badly each class fits each picture; smaller fits better.

    lac and class-conditional: one minus the class's probability (Sadinle, Lei and Wasserman 2019).
    aps: the probability of all likelier classes, and of the class itself the share that `chance`
    leaves (Romano, Sesia and Candès 2020). raps: that and the penalty for low ranks (Angelopoulos
    and others 2021). Checked against MAPIE in the tests.
    """
    p = np.asarray(probabilities, np.float64)
    if method in ("lac", "class-conditional"):
        return 1.0 - p
    order = np.argsort(-p, axis=1, kind="stable")
    ordered = np.take_along_axis(p, order, axis=1)
    scores = np.cumsum(ordered, axis=1) - chance[:, None] * ordered
    if method == "raps":
        ranks = np.arange(1, p.shape[1] + 1)
        scores = scores + penalty.weight * np.maximum(0, ranks - penalty.rank)
    unordered = np.empty_like(scores)
    np.put_along_axis(unordered, order, scores, axis=1)
    return unordered


def fit_penalty(
    probabilities: NDArray[np.floating], labels: Labels, chance: Floats, coverage: float
) -> Penalty:
    """The penalty with the smallest sets on held-out pictures that are used for nothing else.

    The rank is the one within which `coverage` of the true classes lie, as the paper has it.
    """
    if not len(labels):
        return NO_PENALTY
    true = np.asarray(probabilities)[np.arange(len(labels)), labels]
    ranks = 1 + (np.asarray(probabilities) > true[:, None]).sum(axis=1)
    rank = int(np.quantile(ranks, coverage, method="higher"))
    tried = [Penalty(rank, weight) for weight in PENALTY_WEIGHTS]

    def mean_size(penalty: Penalty) -> float:
        scores = Scores.of("raps", probabilities, labels, chance, penalty)
        return float(scores.sets(coverage)(probabilities, chance).sum(axis=1).mean())

    return min(tried, key=mean_size)


def tie_breakers(ids: Sequence[str]) -> Floats:
    """(n,) float64 in [0, 1): a number for each picture that depends on nothing but its id.

    aps and raps need chance to be exact; taken from the id, the same picture gets the same set.
    What has no name of its own gives a digest of its content in place of an id: were every picture
    of a place to have the same number, their sets would not hold the truth as often as promised.

    >>> bool(tie_breakers(["a.jpg"])[0] == tie_breakers(["b.jpg", "a.jpg"])[1])
    True
    """
    digests = (hashlib.sha256(one.encode("utf-8", "surrogatepass")).digest() for one in ids)
    return np.array([int.from_bytes(d[:6], "little") / 2**48 for d in digests], np.float64)


def check_coverage(coverage: float) -> None:
    """Raise UsageError where `coverage` is not a share above 0 and below 1."""
    if not 0 < coverage < 1:
        raise UsageError(
            f"{coverage:g} is no share of pictures whose set shall hold the true class",
            where="--sets",
            mend="Give one above 0 and below 1, such as 0.9.",
        )


def _threshold(scores: Floats, coverage: float) -> float:
    """The score that `coverage` of further pictures stay within: the ceil((n + 1) c)-th smallest.

    With exchangeable pictures the coverage lies between c and c + 1 / (n + 1) (Vovk and others
    2005). Infinite where there are fewer than c / (1 - c) scores.
    """
    place = max(1, math.ceil((len(scores) + 1) * coverage - ROUNDING))
    return float(np.partition(scores, place - 1)[place - 1]) if place <= len(scores) else math.inf
