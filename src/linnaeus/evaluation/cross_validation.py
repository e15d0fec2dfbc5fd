"""CrossValidated: pictures judged fold by fold, each by a classifier that had not seen it.

All folds' answers are judged as one table. Its intervals tell of other pictures; how much a new
training would change is told by how the folds differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import DataError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.gap import share_of
from linnaeus.evaluation.in_100 import between, in_100
from linnaeus.evaluation.outcomes import Outcomes
from linnaeus.evaluation.paired import corrected_resampled_t

__all__ = ["CrossValidated", "FoldFigure", "cross_validated", "fold_words"]


@dataclass(frozen=True)
class FoldFigure:
    """One fold, by the name of its table: its judged pictures, and how many were named rightly.

    Where a picture may have several labels, it is right where all of them are.
    """

    name: str
    images: int
    accuracy: Figure


@dataclass(frozen=True)
class CrossValidated:
    """The folds, and the accuracy to be `expected` of a classifier that is trained so anew.

    Its interval is Nadeau and Bengio's (2003): folds share most of what they learned from, so they
    differ less than trainings on other pictures would, and it is wider for that. Five folds that
    happen to agree would make it narrower than chance in the pictures alone allows, so it reaches
    at least as far as the interval of all answers together. By simulation, of five folds of 400
    pictures one in eleven agrees so well; such intervals held the truth in 85 of 100, now in 96.
    """

    folds: tuple[FoldFigure, ...]
    expected: Figure
    several: bool = False

    def to_json(self) -> dict[str, Any]:
        """The folds as metrics.json has them."""
        return {
            "expected_accuracy": self.expected.to_json(),
            "each": [
                {"name": one.name, "images": one.images, "accuracy": one.accuracy.to_json()}
                for one in self.folds
            ],
        }


def cross_validated(
    predictions: Predictions,
    folds: NDArray[np.int64],
    names: Sequence[str],
    groups: ArrayLike | None = None,
) -> CrossValidated:
    """Judge each fold by itself. `folds` (n,): which of `names` each picture was answered in.

    Raises DataError where a fold has no picture that can be judged.
    """
    outcomes = Outcomes.of(predictions, groups)
    own = folds[outcomes.rows]
    figures = []
    for at, name in enumerate(names):
        side = own == at
        if not side.any():
            raise DataError(
                "no picture of this fold can be judged",
                where=name,
                mend="Leave the table out, or give pictures that were read and have a label.",
            )
        share, _ = share_of(outcomes.right, side, outcomes.groups)
        figures.append(FoldFigure(name, int(side.sum()), share))
    everywhere = np.ones(len(outcomes), bool)
    together, _ = share_of(outcomes.right, everywhere, outcomes.groups)
    found = corrected_resampled_t(
        [one.accuracy.value for one in figures],
        test_to_train=1 / (len(figures) - 1),
        resolution=len(figures) / len(outcomes),
    )
    low = min(max(0.0, found.low), together.low)
    high = max(min(1.0, found.high), together.high)
    several = predictions.label_sets is not None
    return CrossValidated(tuple(figures), Figure.around(found.value, low, high), several)


def fold_words(crossed: CrossValidated | None) -> tuple[str, ...]:
    """How far the folds differ, and what to expect of another training, in plain words."""
    if crossed is None:
        return ()
    shares = sorted(one.accuracy.value for one in crossed.folds)
    right = "have all labels right" if crossed.several else "are right"
    folds = (
        f"Every picture was judged in one of {len(shares)} folds, which {right}"
        f" {in_100(shares[0])} to {in_100(shares[-1])} times in 100."
    )
    right = "have all labels right" if crossed.several else "be right"
    anew = (
        f"Trained so anew, a classifier should {right}"
        f" {in_100(crossed.expected.value)} times in 100 ({between(crossed.expected)})."
    )
    return folds, anew
