"""Pictures at a network's size, parted into those to learn from, to choose on and to judge on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import PixelRows
from linnaeus.data.scan import Scan
from linnaeus.data.split import Split
from linnaeus.data.together import copies_among, together_at
from linnaeus.images.preprocess import Preprocessing

__all__ = ["GREY_MODES", "Parted", "Usual"]

GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I", "F"})
"""Of Pillow, without colour channels."""


@dataclass(frozen=True)
class Parted:
    """Pixels by row of the data set, and who may see which; `scan` is of all its rows."""

    dataset: Dataset
    scan: Scan
    split: Split
    preprocessing: Preprocessing
    pixels: PixelRows

    @property
    def grey(self) -> bool:
        """Whether not one picture has colour channels."""
        return all(mode in GREY_MODES for mode in self.scan.modes if mode)

    @property
    def train(self) -> NDArray[np.int64]:
        """Rows to learn from."""
        return self.split.rows("train")

    @property
    def validation(self) -> NDArray[np.int64]:
        """Rows to choose and calibrate on."""
        return self.split.rows("validation")

    @property
    def test(self) -> NDArray[np.int64]:
        """Rows that only judge the finished bundle."""
        return self.split.rows("test")

    def files_of(self, side: str) -> list[str]:
        """The digests of the files that stand on one side of the split."""
        return [self.scan.content_digests[row] for row in self.split.rows(side)]

    def groups_at(self, rows: NDArray[np.int64]) -> NDArray[np.str_] | None:
        """(m,) which of the pictures at `rows` belong together, by group or as copies of each
        other; None: each stands for itself."""
        return together_at(self.dataset, self.scan, rows)

    @property
    def any_together(self) -> bool:
        """Whether the data have groups, or copies anywhere."""
        return self.dataset.groups is not None or copies_among(self.scan.pixel_digests) > 0

    def counts(self, rows: NDArray[np.int64]) -> list[int]:
        """Pictures of each class among `rows`."""
        return [int(count) for count in self.dataset.class_counts(rows)]

    @property
    def usual(self) -> Usual:
        """What the training pictures mostly are."""
        several = self.dataset.label_sets is not None
        usual = list(self.dataset.most_common_set(self.train)) if several else None
        return Usual(train_counts=self.counts(self.train), usual_set=usual)


class Usual(TypedDict):
    """What training pictures mostly are: the answers of a classifier that always says the same.

    `train_counts`: pictures of each class, in order. `usual_set`: the most common set of labels,
    None where a picture has one.
    """

    train_counts: list[int]
    usual_set: list[str] | None
