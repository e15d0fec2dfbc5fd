"""The data as learning sees them: scanned, audited, brought to one size, and parted."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.audit import audit
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Audit
from linnaeus.data.scan import Scan, scan
from linnaeus.data.split import LEFT_OUT, Split, split
from linnaeus.errors import DataError
from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.weights import Backbone
from linnaeus.progress import Progress
from linnaeus.training.recipe import Recipe
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes

__all__ = ["Material", "look", "split_table"]

NAMED_FILES = 5
GREY_MODES = frozenset({"1", "L", "LA", "La", "I;16", "I", "F"})


@dataclass(frozen=True)
class Material:
    """The data as learning sees them: pixels by row of the data set, and who may see which."""

    dataset: Dataset
    scan: Scan
    audit: Audit
    split: Split
    preprocessing: Preprocessing

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(n, height_px, width_px, 3) uint8."""
        assert self.scan.pixels is not None
        return self.scan.pixels

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


def look(
    dataset: Dataset,
    recipe: Recipe,
    backbone: Backbone | None,
    progress: Progress,
    workers: int | None,
) -> Material:
    """Read every picture of `dataset` once, for `backbone` or (None) for a network from scratch.

    Says what was found, in a few lines. Raises DataError where nothing can be learnt from.
    """
    preprocessing = choose_preprocessing(sampled_sizes(dataset), recipe, backbone)
    looked = scan(
        dataset,
        preprocessing=preprocessing,
        workers=workers,
        progress=progress,
    )
    parted = _part(dataset, looked, recipe)
    found = audit(dataset, looked, split=parted)
    for line in (*found.in_three_lines(), *parted.remarks):
        progress.say(line)
    _tell_unreadable(looked, progress)
    return Material(dataset, looked, found, parted, preprocessing)


def _part(dataset: Dataset, looked: Scan, recipe: Recipe) -> Split:
    """Split the pictures that can be read and have a label; the rest is left out, with reasons."""
    usable = np.flatnonzero(looked.readable & (dataset.labels >= 0))
    if not len(usable):
        raise DataError(
            "not one picture can be read and has a label",
            where=dataset.name,
            mend="Run `linnaeus audit` on it to see why.",
        )
    _check_given_splits(dataset, usable, recipe)
    part = split(
        dataset.labels[usable],
        classes=dataset.classes,
        seed=recipe.seed,
        given=dataset.splits[usable],
        groups=None if dataset.groups is None else dataset.groups[usable],
        duplicates=[looked.pixel_digests[row] for row in usable],
        names=[dataset.paths[row] for row in usable],
        validation=recipe.validation,
        test=recipe.test,
        allow_tiny=recipe.allow_tiny,
        resplit=recipe.resplit,
        where=dataset.name,
    )
    assignment = np.full(
        len(dataset), LEFT_OUT, dtype=f"<U{max(map(len, (LEFT_OUT, 'validation')))}"
    )
    assignment[usable] = part.assignment
    reasons = {int(usable[row]): why for row, why in part.reasons.items()}
    for row, path in enumerate(dataset.paths):
        if path in looked.unreadable:
            reasons[row] = looked.unreadable[path]
        elif dataset.labels[row] < 0:
            reasons[row] = "it has no label"
    return Split(assignment, reasons, part.remarks)


def _check_given_splits(dataset: Dataset, usable: NDArray[np.int64], recipe: Recipe) -> None:
    """Refuse to put other pictures in the place of a given split that cannot be used at all."""
    lost = set(dataset.splits[dataset.splits != ""]) - set(dataset.splits[usable])
    if lost and not recipe.resplit:
        raise DataError(
            f"not one picture of the given split '{min(lost)}' can be read and has a label",
            where=dataset.name,
            mend="Replace its pictures, or part the data anew with --resplit.",
        )


def _tell_unreadable(looked: Scan, progress: Progress) -> None:
    bad = list(looked.unreadable.items())
    if bad:
        named = "; ".join(f"{path}: {why}" for path, why in bad[:NAMED_FILES])
        more = f"; and {len(bad) - NAMED_FILES:,} more" if len(bad) > NAMED_FILES else ""
        progress.warn(f"{len(bad):,} pictures cannot be read and are left out ({named}{more}).")


def split_table(material: Material) -> str:
    """CSV: image, label, split, why it was left out, and the digest of the file's bytes."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["image", "label", "split", "reason", "sha256"])
    dataset = material.dataset
    for row, path in enumerate(dataset.paths):
        label = dataset.classes[dataset.labels[row]] if dataset.labels[row] >= 0 else ""
        reason = material.split.reasons.get(row, "")
        digest = material.scan.content_digests[row]
        table.writerow([path, label, material.split.assignment[row], reason, digest])
    return text.getvalue()
