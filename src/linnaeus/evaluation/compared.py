"""Compared: kinds of pictures, groups of a column and two classifiers, each beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.contest import Paired
from linnaeus.evaluation.contest_words import paired_words
from linnaeus.evaluation.cross_validation import CrossValidated, fold_words
from linnaeus.evaluation.fairness import Fairness, fairness_of
from linnaeus.evaluation.fairness_words import fairness_words
from linnaeus.evaluation.slice_words import slice_words
from linnaeus.evaluation.slices import Slices, slices_of
from linnaeus.evaluation.traits import Trait, check_columns

__all__ = ["NOTHING_COMPARED", "NOTHING_WANTED", "Compared", "Wanted", "compare"]


@dataclass(frozen=True)
class Compared:
    """What was compared besides; None, and `fairness` empty, where it was not.

    `crossed`: the folds, where answers are those of a cross-validation.
    """

    slices: Slices | None = None
    fairness: tuple[Fairness, ...] = ()
    paired: Paired | None = None
    crossed: CrossValidated | None = None

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What came of it, in a few sentences: first what was asked for."""
        asked = (*fold_words(self.crossed), *paired_words(self.paired))
        return (*asked, *fairness_words(self.fairness), *slice_words(self.slices))

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {
            "slices": self.slices.to_json() if self.slices else None,
            "fairness": [one.to_json() for one in self.fairness],
            "paired": self.paired.to_json() if self.paired else None,
            "folds": self.crossed.to_json() if self.crossed else None,
        }


NOTHING_COMPARED = Compared()


@dataclass(frozen=True)
class Wanted:
    """What to compare: slices by these columns alone, groups of these, and `against` what else."""

    slice_by: tuple[str, ...] = ()
    fairness: tuple[str, ...] = ()
    against: Path | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are named."""
        return (*self.slice_by, *self.fairness)

    def check(self, known: Sequence[str], where: str) -> None:
        """Raise UsageError where a column that is named is not `known`."""
        check_columns(self.slice_by, known, "--slice-by", where)
        check_columns(self.fairness, known, "--fairness", where)


NOTHING_WANTED = Wanted()


def compare(
    predictions: Predictions,
    traits: Sequence[Trait],
    wanted: Wanted = NOTHING_WANTED,
    *,
    groups: ArrayLike | None = None,
    positive: str | None = None,
    paired: Paired | None = None,
    crossed: CrossValidated | None = None,
    features: NDArray[np.floating] | None = None,
) -> Compared:
    """Compare what is `wanted` of `predictions`, whose pictures have `traits`.

    `groups`: (n,) pictures that belong together. `positive`: of two classes, what is looked for.
    `features`: (n, d) by which pictures are clustered, None where there are none.
    """
    by_name = {trait.name: trait for trait in traits}
    fairness = [
        fairness_of(predictions, by_name[name], groups=groups, positive=positive)
        for name in wanted.fairness
    ]
    slices = slices_of(predictions, traits, groups, wanted.slice_by, features)
    return Compared(slices, tuple(fairness), paired, crossed)
