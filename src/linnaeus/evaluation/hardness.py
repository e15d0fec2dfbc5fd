"""Why a class is hard: how few pictures it has, how they differ, and which class is nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassHardness", "Looks", "class_hardness", "looks_of"]

RARE = 0.5  # of the median class's pictures: fewer are told as few
VARIED = 1.15  # times the median class's spread: more is told as varied
NEAR = 0.25  # of the pictures look more like another class than like their own
OFTEN = 0.05  # of the pictures are taken for another class


@dataclass(frozen=True)
class Looks:
    """What the pictures of each class look like, by features of them.

    `spread`: (classes,) mean squared distance from the class's mean, in shares of what it is over
    all pictures. `nearer`: (classes, classes) share of each row's pictures that are nearer to the
    column's mean than to their own class's. `how`: what the features are, as a phrase.
    """

    spread: NDArray[np.float64]
    nearer: NDArray[np.float64]
    how: str


@dataclass(frozen=True)
class ClassHardness:
    """One class: how often it is recognised, and what may make that hard.

    `recall`: the mean over models of the share of its pictures that are recognised. `rival`: the
    class that it is most often taken for, "" where it never is; `taken`: the share of its pictures
    that are, the mean over models. `spread` and `nearer` (to the rival) are of `Looks`, None
    without features.
    """

    name: str
    images: int
    recall: float
    rival: str
    taken: float
    spread: float | None
    nearer: float | None
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The class as JSON has it."""
        return {
            "class": self.name,
            "images": self.images,
            "recall": self.recall,
            "rival": self.rival or None,
            "taken_for_rival": self.taken,
            "spread": self.spread,
            "nearer_to_rival": self.nearer,
            "reasons": list(self.reasons),
        }


def looks_of(
    features: NDArray[np.float32], labels: NDArray[np.int64], classes: int, how: str
) -> Looks:
    """The `Looks` of pictures with `features` (n, d) and `labels` (n,), positions of classes.

    A picture does not count towards the mean of its class when it is compared with it. A class of
    fewer than two pictures has no spread, and stands with NaN.
    """
    spread = np.full(classes, np.nan)
    nearer = np.full((classes, classes), np.nan)
    counts = np.bincount(labels, minlength=classes)
    means = np.stack(
        [
            features[labels == at].mean(axis=0) if counts[at] else _nowhere(features)
            for at in range(classes)
        ]
    )
    overall = float(((features - features.mean(axis=0)) ** 2).sum(axis=1).mean())
    for at in np.flatnonzero(counts > 1).tolist():
        own = features[labels == at]
        away = np.stack([((own - mean) ** 2).sum(axis=1) for mean in means], axis=1)
        # Leaving a picture out of its mean moves that away from it by n / (n - 1).
        alone = away[:, at] * (counts[at] / (counts[at] - 1)) ** 2
        spread[at] = float(away[:, at].mean()) * counts[at] / (counts[at] - 1) / max(overall, 1e-12)
        nearer[at] = (away < alone[:, None]).mean(axis=0)
        nearer[at, at] = 0.0
    return Looks(spread, nearer, how)


def _nowhere(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.full(features.shape[1], np.inf, np.float32)


def class_hardness(
    confusions: Sequence[NDArray[np.int64]], classes: Sequence[str], looks: Looks | None = None
) -> tuple[ClassHardness, ...]:
    """Each class, the hardest first. `confusions`: one matrix a model, rows are true classes.

    Classes without pictures are left out.
    """
    images = confusions[0].sum(axis=1)
    shares = np.mean([one / np.maximum(images[:, None], 1) for one in confusions], axis=0)
    present = np.flatnonzero(images).tolist()
    usual = median(int(images[at]) for at in present)
    spreads = [] if looks is None else [s for s in looks.spread.tolist() if not isnan(s)]
    usual_spread = median(spreads) if spreads else None
    found = [_of_class(at, shares, images, classes, looks, usual, usual_spread) for at in present]
    return tuple(sorted(found, key=lambda one: one.recall))


def _of_class(
    at: int,
    shares: NDArray[np.float64],
    images: NDArray[np.int64],
    classes: Sequence[str],
    looks: Looks | None,
    usual: float,
    usual_spread: float | None,
) -> ClassHardness:
    others = shares[at].copy()
    others[at] = 0.0
    rival = int(others.argmax())
    taken = float(others[rival])
    spread = nearer = None
    if looks is not None and usual_spread and not isnan(looks.spread[at]):
        spread = float(looks.spread[at] / usual_spread)
        nearer = float(looks.nearer[at, rival]) if taken else None
    return ClassHardness(
        name=classes[at],
        images=int(images[at]),
        recall=float(shares[at, at]),
        rival=classes[rival] if taken else "",
        taken=taken,
        spread=spread,
        nearer=nearer,
        reasons=_reasons(int(images[at]) / usual, taken, spread, nearer),
    )


def _reasons(
    size: float, taken: float, spread: float | None, nearer: float | None
) -> tuple[str, ...]:
    """Of "few", "varied", "near" and "mixed up": what stands out about a class."""
    reasons = []
    if size < RARE:
        reasons.append("few")
    if spread is not None and spread > VARIED:
        reasons.append("varied")
    if nearer is not None and nearer > NEAR:
        reasons.append("near")
    if taken > OFTEN:
        reasons.append("mixed up")
    return tuple(reasons)
