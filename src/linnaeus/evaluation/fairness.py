"""Fairness: how far a classifier's figures lie apart between the groups of a stated column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gap import difference, share_of
from linnaeus.evaluation.intervals import wilson_figure
from linnaeus.evaluation.outcomes import Outcomes
from linnaeus.evaluation.parts import FEWEST, Part, parts_of
from linnaeus.evaluation.traits import Trait
from linnaeus.wilson import Z

__all__ = ["Disparity", "Fairness", "GroupFigure", "fairness_of"]

Mask = NDArray[np.bool_]

LEVEL = 0.05


@dataclass(frozen=True)
class GroupFigure:
    """A figure of the `images` pictures of one group that it is about.

    `missing`: they are those of which the column does not tell the group; these are none.
    """

    group: str
    images: int
    figure: Figure
    missing: bool = False

    def to_json(self) -> dict[str, Any]:
        """The figure as metrics.json has it."""
        return {
            "group": self.group,
            "images": self.images,
            "value": self.figure.to_json(),
            "missing": self.missing,
        }


@dataclass(frozen=True)
class Disparity:
    """One figure, group by group, and the `gap` between the best and the worst of them; pictures
    whose group is missing have the figure, and no part in the gap.

    `figure`: "accuracy", "recall", "true positive rate" or "false positive rate"; `of_class`: of
    which class, empty for the accuracy.
    """

    figure: str
    of_class: str
    groups: tuple[GroupFigure, ...]
    gap: Figure

    @property
    def real(self) -> bool:
        """Whether chance alone is no explanation: the interval of the gap does not reach 0."""
        return self.gap.low > 0

    @property
    def ends(self) -> tuple[GroupFigure, GroupFigure]:
        """The groups with the highest and the lowest figure."""
        known = [one for one in self.groups if not one.missing]
        rising = sorted(known, key=lambda one: one.figure.value)
        return rising[-1], rising[0]

    def to_json(self) -> dict[str, Any]:
        """The disparity as metrics.json has it."""
        return {
            "figure": self.figure,
            "class": self.of_class or None,
            "groups": [one.to_json() for one in self.groups],
            "gap": self.gap.to_json(),
            "real": self.real,
        }


@dataclass(frozen=True)
class Fairness:
    """The disparities by one column, that of accuracy first. `told`: groups that were left out.

    `overall` is None where the column makes no two groups.
    """

    column: str
    overall: Disparity | None
    of_classes: tuple[Disparity, ...]
    told: str

    def to_json(self) -> dict[str, Any]:
        """The fairness as metrics.json has it."""
        return {
            "column": self.column,
            "accuracy": self.overall.to_json() if self.overall else None,
            "of_classes": [one.to_json() for one in self.of_classes],
            "left_out": self.told,
        }


def fairness_of(
    predictions: Predictions,
    trait: Trait,
    *,
    groups: ArrayLike | None = None,
    positive: str | None = None,
) -> Fairness:
    """Compare the groups that the column `trait` makes of the pictures, with ten or more in each.

    Pictures of which the column says nothing are told beside them, and not compared.
    `groups`: (n,) pictures that belong together (a patient), which widen intervals. `positive`: of
    two classes, the one that is looked for; by default the second.
    """
    outcomes = Outcomes.of(predictions, groups)
    judged = trait.at(outcomes.rows)
    found = parts_of(judged, asked=True)
    missing = _missing(judged)
    told = f"{found.told[0].upper()}{found.told[1:]}." if found.told else ""
    if sum(not missing[part.members].all() for part in found.parts) < 2:
        return Fairness(trait.name, None, (), told)
    everyone = np.ones(len(outcomes), bool)
    overall = _disparity(
        "accuracy", "", outcomes, outcomes.right, everyone, found.parts, missing, 1
    )
    two = len(outcomes.classes) == 2 and predictions.label_sets is None
    rates = _rates(outcomes, positive) if two else _recalls(outcomes)
    of_classes = [
        _disparity(figure, name, outcomes, happened, among, found.parts, missing, len(rates))
        for figure, name, happened, among in rates
    ]
    told_ones = [one for one in of_classes if one is not None]
    if not two:
        told_ones.sort(key=lambda one: (not one.real, -one.gap.low, -one.gap.value))
    return Fairness(trait.name, overall, tuple(told_ones), told)


Rate = tuple[str, str, Mask, Mask]
"""What it is called, of which class, where it happened (n,), among which pictures (n,)."""


def _rates(outcomes: Outcomes, positive: str | None) -> list[Rate]:
    at = 1 if positive is None else outcomes.classes.index(positive)
    name, own, other = outcomes.classes[at], outcomes.of_class[:, at], outcomes.of_class[:, 1 - at]
    missed = ~outcomes.found[:, 1 - at]
    return [
        ("true positive rate", name, outcomes.found[:, at], own),
        ("false positive rate", name, missed, other),
    ]


def _recalls(outcomes: Outcomes) -> list[Rate]:
    return [
        ("recall", name, outcomes.found[:, at], outcomes.of_class[:, at])
        for at, name in enumerate(outcomes.classes)
    ]


def _missing(trait: Trait) -> Mask:
    """(n,) of which pictures the column says nothing."""
    if trait.values.dtype == np.float64:
        return ~np.isfinite(np.asarray(trait.values, np.float64))
    return np.asarray(np.asarray(trait.values, np.str_) == "", bool)


def _disparity(
    figure: str,
    of_class: str,
    outcomes: Outcomes,
    happened: Mask,
    among: Mask,
    parts: Sequence[Part],
    missing: Mask,
    figures: int,
) -> Disparity | None:
    """How often something `happened` in each part; None where fewer than two have ten pictures, but
    for that whose pictures are `missing` (n,) in the column."""
    compared = [
        (part.value, side) for part in parts if int((side := part.members & among).sum()) >= FEWEST
    ]
    known = [not missing[side].all() for _, side in compared]
    if sum(known) < 2:
        return None
    shares = [share_of(happened, side, outcomes.groups) for _, side in compared]
    groups = tuple(
        GroupFigure(value, int(side.sum()), share, not told)
        for (value, side), (share, _), told in zip(compared, shares, known, strict=True)
    )
    of_known = [share for share, told in zip(shares, known, strict=True) if told]
    return Disparity(figure, of_class, groups, _widest_gap(of_known, figures))


def _widest_gap(shares: Sequence[tuple[Figure, float]], figures: int) -> Figure:
    """The gap between the highest and the lowest of several shares, each with its sample size.

    The highest and the lowest were picked by what happened, so the intervals of all differences
    have to hold together (Bonferroni), of all `figures` at once: the widest gap is no less than the
    lower end of any of them, and no more than the largest upper end.
    """
    pairs = len(shares) * (len(shares) - 1) // 2
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * pairs * figures))
    # Wilson's interval depends on z² / n alone: fewer trials make it that of another level.
    wider = [wilson_figure(share.value, trials * (Z / z) ** 2) for share, trials in shares]
    gaps = [difference(*pair) for pair in combinations(wider, 2)]
    value = max(abs(gap.value) for gap in gaps)
    low = max(0.0, *(max(gap.low, -gap.high) for gap in gaps))
    high = max(max(gap.high, -gap.low) for gap in gaps)
    return Figure.around(value, low, min(high, 1.0))
