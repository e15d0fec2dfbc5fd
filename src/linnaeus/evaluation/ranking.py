"""How well probabilities rank pictures: average precision and the area under the ROC curve.

The order is found once, so that the figures under any weights of the pictures, as the bootstrap
asks for, cost one pass each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranking"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """Pictures by falling probability, for each of k labels; equal probabilities are one rank.

    `order`: (n, k) rows in their order; `truth`: (n, k) 1.0 where the row at that place has the
    label; `first`, `last`: (n, k) the ends of the run of equal probabilities that a place is in.
    """

    order: Places
    truth: Floats
    first: Places
    last: Places

    @classmethod
    def of(cls, truth: NDArray[np.bool_], probabilities: Floats) -> Ranking:
        """Rank by `probabilities` (n, k), each column for itself; `truth` (n, k)."""
        order = np.argsort(-probabilities, axis=0, kind="stable")
        sorted_p = np.take_along_axis(probabilities, order, axis=0)
        steps = sorted_p[1:] != sorted_p[:-1]
        edge = np.ones((1, order.shape[1]), bool)
        places = np.arange(len(order))[:, None]
        begins = np.where(np.concatenate([edge, steps]), places, 0)
        ends = np.where(np.concatenate([steps, edge]), places, len(order))
        return cls(
            order,
            np.take_along_axis(truth, order, axis=0).astype(np.float64),
            np.maximum.accumulate(begins, axis=0),
            np.minimum.accumulate(ends[::-1], axis=0)[::-1],
        )

    def figures(self, weights: Floats) -> tuple[Floats, Floats]:
        """(k,) average precision and (k,) area under the ROC curve, with `weights` (n,) >= 0.

        Average precision is the sum of the steps of recall times the precision at each, without
        interpolation, as scikit-learn has it. NaN where a label has no picture, or, for the area,
        all of them.
        """
        each = weights[self.order]
        have = each * self.truth
        found = np.cumsum(have, axis=0)
        seen = np.take_along_axis(np.cumsum(each, axis=0), self.last, axis=0)
        right = np.take_along_axis(found, self.last, axis=0)
        precision = np.divide(right, seen, out=np.zeros_like(seen), where=seen > 0)
        total = found[-1]
        with np.errstate(invalid="ignore"):
            average = (have * precision).sum(axis=0) / total
        return average, self._area(have, each - have, total)

    def _area(self, have: Floats, lack: Floats, total: Floats) -> Floats:
        """How often a picture with the label ranks above one without it; a tie counts half."""
        above = np.cumsum(lack, axis=0)
        others = above[-1]
        before = np.take_along_axis(above - lack, self.first, axis=0)
        until = np.take_along_axis(above, self.last, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            area: Floats = 1.0 - (have * (before + until) / 2).sum(axis=0) / (total * others)
        return area
