"""Choosing what tells unknown pictures from known ones, by what does on outliers that are made.

All that is asked of a bundle is its answers, so that it can be done again for the same network in
another precision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.appearance import appearance
from linnaeus.bundle.strangeness import SCORES, scores_of
from linnaeus.bundle.unknown import Unknown
from linnaeus.unknowns.space import known_by, sketching_of

__all__ = ["GIVEN", "Answering", "FittedUnknown", "KnownPictures", "Tried", "area", "fit_unknown"]

Floats = NDArray[np.float32]
Pictures = Iterable[NDArray[np.uint8]]


class HasFeatures(Protocol):
    """An answer, as far as it is needed here."""

    @property
    def logits(self) -> Floats:
        """(classes,) float32."""

    @property
    def features(self) -> Floats:
        """(d,) float32."""


Answers = Mapping[int, HasFeatures]

Answering = Callable[[Sequence[NDArray[np.uint8]]], Sequence[HasFeatures]]
"""From pictures as the network sees them to the bundle's answers."""

GIVEN = "given"
"""The kind of outliers that the user has given; all others are made."""

MOST_SUMMED = 4
"""Scores in one sum: five or all six never did better on five networks that this was tried on."""

TOGETHER = 32
"""Pictures that are looked at at a time, as a bundle does when it answers many."""

LEAST_DEVIATION = 1e-5
"""Of a score that is the same for all known pictures but for rounding, which must not be told."""


@dataclass(frozen=True)
class KnownPictures:
    """Pictures (height, width, 3) uint8 of the classes, with their `labels` (n,) int64.

    `answers`: by place among them, those that are at hand; of pictures to learn from only the
    features are looked at.
    """

    pictures: Pictures
    labels: NDArray[np.int64]
    answers: Answers = field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """How a score, or several together, did: its area under the ROC curve for each kind."""

    scores: tuple[str, ...]
    areas: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Over the kinds, each counting the same; what was given counts as much as all others."""
        made = [area for kind, area in self.areas.items() if kind != GIVEN]
        given = [area for kind, area in self.areas.items() if kind == GIVEN]
        return float(np.mean([np.mean(some) for some in (made, given) if some]))


@dataclass(frozen=True)
class FittedUnknown:
    """What tells unknown pictures, and all that was tried, the best first."""

    unknown: Unknown
    tried: tuple[Tried, ...]

    def sentence(self, outliers: str, of: str = "") -> str:
        """What it goes by (and, a clause, `of` what), and how well it told which `outliers`."""
        best = self.tried[0]
        return (
            f"Unknown pictures are told by {' + '.join(best.scores)}{of}: the area under the ROC"
            f" curve is {best.mean:.3f} on outliers {outliers}."
        )


def fit_unknown(
    answer: Answering,
    train: KnownPictures,
    held_out: KnownPictures,
    rows: NDArray[np.int64],
    outliers: Mapping[str, Pictures],
    *,
    classes: int,
    seed: int,
) -> FittedUnknown:
    """Learn where the pictures of `train` lie, and take the scores that tell `outliers` best.

    `train` should come in an order that is drawn. `held_out` are known pictures that the network
    did not learn from, at `rows` of those that the bundle's promises rest on; beside them a picture
    is strange or not. `outliers`: by kind. A few pictures are taken at a time and none is kept.
    """
    answers, looks = _looked_at(answer, train.pictures, train.answers)
    features = np.array([one.features for one in answers])
    sketching = sketching_of(features, looks, seed)
    sketches = sketching(features, looks)
    known = known_by(sketches, len(sketching.axes), train.labels, classes)

    def scored(pictures: Pictures, at_hand: Answers) -> NDArray[np.float64]:
        answers, looks = _looked_at(answer, pictures, at_hand)
        features = np.array([one.features for one in answers])
        logits = np.array([one.logits for one in answers])
        return scores_of(sketching(features, looks), logits, known)

    beside = scored(held_out.pictures, held_out.answers)
    usual, deviation = np.median(beside, axis=0), np.maximum(beside.std(axis=0), LEAST_DEVIATION)
    strange = {kind: (scored(some, {}) - usual) / deviation for kind, some in outliers.items()}
    beside = (beside - usual) / deviation
    tried = sorted((_try(some, beside, strange) for some in CANDIDATES), key=lambda one: -one.mean)
    weights = _weights(tried[0].scores)
    unknown = Unknown(
        sketching=sketching,
        known=known,
        usual=usual,
        deviation=deviation,
        weights=weights,
        held_out=(beside @ weights).astype(np.float32),
        rows=rows,
        golden={},
    )
    return FittedUnknown(unknown, tuple(tried))


def area(known: NDArray[np.floating], unknown: NDArray[np.floating]) -> float:
    """The area under the ROC curve: how often an unknown picture is the stranger of two."""
    rising = np.sort(known)
    sides = [np.searchsorted(rising, unknown, side) for side in ("left", "right")]
    return float(np.mean(sides)) / len(known)


def _looked_at(
    answer: Answering, pictures: Pictures, at_hand: Answers
) -> tuple[list[HasFeatures], Floats]:
    """The answers to n `pictures`, which may be `at_hand`, by place, and appearances (n, a)."""
    answers: list[HasFeatures] = []
    looks: list[Floats] = []
    left = enumerate(pictures)
    while some := list(itertools.islice(left, TOGETHER)):
        told = iter(answer([pixels for place, pixels in some if place not in at_hand]))
        answers += [at_hand[place] if place in at_hand else next(told) for place, _ in some]
        looks.append(appearance(np.array([pixels for _, pixels in some])))
    return answers, np.concatenate(looks)


def _candidates() -> Iterator[tuple[str, ...]]:
    """Each score alone, and every sum of two to four, of `softmax` and `energy` one at most."""
    for count in range(1, MOST_SUMMED + 1):
        for names in itertools.combinations(SCORES, count):
            if not {"softmax", "energy"} <= set(names):
                yield names


CANDIDATES = tuple(_candidates())


def _weights(names: Sequence[str]) -> NDArray[np.float64]:
    return np.array([name in names for name in SCORES], np.float64) / len(names)


def _try(
    names: tuple[str, ...],
    beside: NDArray[np.float64],
    strange: Mapping[str, NDArray[np.float64]],
) -> Tried:
    weights = _weights(names)
    return Tried(
        names, {kind: area(beside @ weights, some @ weights) for kind, some in strange.items()}
    )
