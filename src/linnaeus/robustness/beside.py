"""Two bundles on the same pictures made worse: which is right more often, or whether it is luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gains import right_gain
from linnaeus.evaluation.intervals import Resampling, mean_figure
from linnaeus.robustness.condition import Condition
from linnaeus.robustness.corruptions import CORRUPTIONS

__all__ = ["Beside", "beside"]


@dataclass(frozen=True)
class Beside:
    """How much more often a bundle is right than the `other`, in [-1, 1]: on `good` pictures, and
    in the mean of the corruptions that were tried, None where none was.
    """

    other: str
    good: Figure
    corrupted: Figure | None

    @property
    def in_plain_words(self) -> str:
        """Both differences, and whether they may be chance, in a sentence."""
        told = [f"on good pictures {_told(self.good)}"]
        if self.corrupted is not None:
            told.append(f"in the mean of the corruptions {_told(self.corrupted)}")
        return f"Against “{self.other}” it is right more often by this many: {'; '.join(told)}."

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "other": self.other,
            "good": self.good.to_json(),
            "corrupted": None if self.corrupted is None else self.corrupted.to_json(),
        }


def beside(
    other: str,
    first: tuple[Condition, Sequence[Condition]],
    second: tuple[Condition, Sequence[Condition]],
    groups: NDArray[np.str_] | None,
) -> Beside:
    """How the `second` bundle did against the `first`, called `other`: of each, what came of good
    pictures, and under the same changes in the same order. `groups` (n,): as for the intervals.
    """
    resampling = Resampling.of(len(first[0].right), groups)
    shares = [_share_right(under) for _, under in (first, second)]
    corrupted = None
    if shares[0] is not None and shares[1] is not None:
        corrupted = mean_figure(shares[1] - shares[0], 1.0, resampling, least=-1.0)
    return Beside(other, right_gain(second[0].right, first[0].right, resampling), corrupted)


def _share_right(conditions: Sequence[Condition]) -> NDArray[np.float64] | None:
    """(n,) under which share of the corruptions each picture is named rightly."""
    rights = [one.right for one in conditions if one.kind in CORRUPTIONS]
    return np.mean(rights, axis=0) if rights else None


def _told(gain: Figure) -> str:
    points = [f"{100 * value:+.1f}" for value in (gain.value, gain.low, gain.high)]
    verdict = "which may be chance" if gain.low <= 0 <= gain.high else "more than chance"
    return f"{points[0]} in 100 ({points[1]} to {points[2]}), {verdict}"
