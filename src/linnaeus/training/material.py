"""The data as learning sees them: scanned, audited, brought to one size, and parted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.audit import audit
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.data.near import NearDuplicates, near_duplicates
from linnaeus.data.part import part
from linnaeus.data.parting import check_columns
from linnaeus.data.pinned import pinned
from linnaeus.data.pixels import PixelRows, pixel_rows
from linnaeus.data.scan import Scan
from linnaeus.data.split import Split
from linnaeus.data.split_file import SplitFile, read_split_file
from linnaeus.errors import DataError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.recipe import Recipe
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes
from linnaeus.training.split_choice import parting_of

__all__ = ["Material", "look"]

NAMED_FILES = 5
GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I", "F"})


@dataclass(frozen=True)
class Material:
    """The data as learning sees them: pixels by row of the data set, and who may see which."""

    dataset: Dataset
    scan: Scan
    near: NearDuplicates
    audit: Audit
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


def look(
    dataset: Dataset,
    recipe: Recipe,
    backbone: Backbone | None,
    progress: Progress,
    workers: int | None,
    cache: Cache | None,
) -> Material:
    """Read every picture of `dataset` once, for `backbone` or (None) for a network from scratch.

    What `cache` holds from an earlier run is not decoded again, and what is new is kept there.
    Says what was found, in a few lines. Raises DataError where nothing can be learnt from.
    """
    saved = _saved_split(dataset, recipe)
    preprocessing = choose_preprocessing(sampled_sizes(dataset), recipe, backbone)
    looked = cached_scan(
        dataset,
        cache=cache,
        preprocessing=preprocessing,
        workers=workers,
        progress=progress,
    )
    near = near_duplicates(looked.thumbnails, looked.readable, progress=progress)
    parted = _parted(dataset, looked, near, recipe, saved)
    found = audit(dataset, looked, split=parted, near=near)
    for line in (*found.in_three_lines(), *near.remarks, *parted.remarks):
        progress.say(line)
    _tell_unreadable(looked, progress)
    pixels = pixel_rows(looked, dataset, preprocessing, workers)
    return Material(dataset, looked, near, found, parted, preprocessing, pixels)


def _saved_split(dataset: Dataset, recipe: Recipe) -> SplitFile | None:
    """The split file of the recipe, if any; what is wrong with it is told before the long work."""
    if recipe.split_file is None:
        check_columns(dataset, parting_of(recipe))
        return None
    file = read_split_file(Path(recipe.split_file))
    if "test" not in file.chosen(recipe.fold, recipe.repeat, recipe.inner):
        raise DataError(
            "this split has no test pictures, so nobody could say how good the result is",
            where=file.where,
            mend="Save a new one with `linnaeus data split`.",
        )
    return file


def _parted(
    dataset: Dataset, looked: Scan, near: NearDuplicates, recipe: Recipe, saved: SplitFile | None
) -> Split:
    """Part the data as the `saved` split says, or else as the recipe's other choices do."""
    if saved is None:
        return part(dataset, looked, parting_of(recipe), near.pairs)
    return pinned(
        saved, dataset, looked, fold=recipe.fold, repeat=recipe.repeat, inner=recipe.inner
    )


def _tell_unreadable(looked: Scan, progress: Progress) -> None:
    bad = list(looked.unreadable.items())
    if bad:
        named = "; ".join(f"{path}: {why}" for path, why in bad[:NAMED_FILES])
        more = f"; and {len(bad) - NAMED_FILES:,} more" if len(bad) > NAMED_FILES else ""
        progress.warn(f"{len(bad):,} pictures cannot be read and are left out ({named}{more}).")
