"""CutPoint: a probability as yes or no at one threshold, for ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, grouped_share_figure, share_figure

__all__ = ["CURVE_POINTS", "CutPoint", "cut_points"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Sets = NDArray[np.bool_]

CURVE_POINTS = 100
"""Of one curve: what an eye tells apart in a drawing."""


@dataclass(frozen=True)
class CutPoint:
    """At one threshold: the shares found (sensitivity, or recall), falsely called, and right."""

    threshold: float
    sensitivity: Figure
    false_alarms: Figure
    precision: Figure

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "threshold": self.threshold,
            "sensitivity": self.sensitivity.to_json(),
            "false_alarms": self.false_alarms.to_json(),
            "precision": self.precision.to_json(),
        }


def cut_points(
    truth: Sets, score: Floats, by: Resampling, most: int = CURVE_POINTS
) -> tuple[CutPoint, ...]:
    """Both curves of `score` (n,) for what is so by `truth` (n,), of which some are and some not.

    Of the thresholds between which anything changes, the highest first, all or as many as `most`:
    those by which the ROC curve goes on by equal steps, and both its ends. The intervals are
    Wilson's, each for its own threshold; groups count by how much shares vary over them.
    """
    codes, groups, share = by.codes, by.groups, grouped_share_figure
    if not by.grouped:
        codes, groups, share = np.zeros_like(codes), 1, _share_of_lone
    order = np.argsort(-score, kind="stable")
    points, begun = [], 0
    sides, called = (_Sides.of(codes[:end], truth[:end], groups) for end in (None, 0))
    for end in _kept(truth[order], score[order], most).tolist():
        new = order[begun:end]
        called, begun = called.plus(_Sides.of(codes[new], truth[new], groups)), end
        points.append(
            CutPoint(
                float(score[order[end - 1]]),
                share(called.so, sides.so),
                share(called.other, sides.other),
                share(called.so, called.so + called.other),
            )
        )
    return tuple(points)


def _share_of_lone(right: Places, pictures: Places) -> Figure:
    """As `grouped_share_figure`, where each picture is its own group and one place counts all."""
    return share_figure(float(right.sum()), float(pictures.sum()))


class _Sides(NamedTuple):
    """Of each group, how many pictures are so and how many are not, (groups,) each."""

    so: Places
    other: Places

    @classmethod
    def of(cls, codes: Places, truth: Sets, groups: int) -> _Sides:
        so, other = (np.bincount(codes[side], minlength=groups) for side in (truth, ~truth))
        return cls(so, other)

    def plus(self, more: _Sides) -> _Sides:
        return _Sides(self.so + more.so, self.other + more.other)


def _kept(truth: Sets, score: Floats, most: int) -> Places:
    """How many pictures are called at each threshold that is kept; both (n,) by falling score."""
    ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1) + 1
    if len(ends) <= most:
        return ends
    found = np.cumsum(truth)[ends - 1]
    along = found / found[-1] + (ends - found) / (ends - found)[-1]
    kept = np.unique(np.searchsorted(along, np.linspace(0, 2, most) - 1e-9))
    return ends[np.minimum(kept, len(ends) - 1)]
