"""The bundle that is to become smaller, and what each picture of the data is to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.load import bundle_folder, load
from linnaeus.bundle.record import GRAPH_FILE, BundleRecord
from linnaeus.bundle.seen import SeenFiles, read_seen, read_seen_files, was_seen
from linnaeus.data.cache import Cache
from linnaeus.data.cached_scan import cached_scan
from linnaeus.data.dataset import Dataset
from linnaeus.data.pixels import pixel_rows
from linnaeus.data.scan import Scan
from linnaeus.data.split import LEFT_OUT, Split
from linnaeus.errors import BundleError, DataError
from linnaeus.progress import Progress
from linnaeus.training.parted import Parted

__all__ = ["Original", "opened"]

MOST_NAMED = 5
"""Classes that are named where those of the data are others: enough to see what was meant."""

ITS_DATA = "Give the data that it was trained on, with the test pictures that it never saw."


@dataclass(frozen=True, eq=False)
class Original:
    """A bundle of one network, and pictures parted by what it did with them.

    `parted`: "train" are those that it learnt from, "validation" those that it was chosen and
    calibrated on, "test" those that it has never seen.
    """

    folder: Path
    classifier: Classifier
    parted: Parted
    graph: bytes

    @property
    def record(self) -> BundleRecord:
        """What its bundle.json says."""
        return self.classifier.record


def opened(
    bundle: Path,
    dataset: Dataset,
    *,
    workers: int | None,
    cache: Cache | None,
    progress: Progress,
) -> Original:
    """Open the bundle at `bundle`, and part `dataset` by what it learnt from.

    Raises BundleError where it is an ensemble, takes no pixels, is in whole numbers already or
    does not say what it learnt from; DataError where the data are not labelled as it answers, or
    lack pictures that it learnt from, held out or never saw.
    """
    folder = bundle_folder(bundle)
    classifier = load(folder)
    record = classifier.record
    files = _files_of(folder, record)
    _check_labels(record, dataset)
    looked = cached_scan(
        dataset,
        cache=cache,
        preprocessing=record.preprocessing,
        workers=workers,
        progress=progress,
    )
    split = _parted_by(files, read_seen(folder), dataset, looked)
    pixels = pixel_rows(looked, dataset, record.preprocessing, workers)
    parted = Parted(dataset, looked, split, record.preprocessing, pixels)
    progress.say(
        f"{len(parted.train):,} pictures taught the bundle, {len(parted.validation):,} calibrated"
        f" it, and {len(parted.test):,} that it has never seen judge before and after."
    )
    return Original(folder, classifier, parted, (folder / GRAPH_FILE).read_bytes())


def _files_of(folder: Path, record: BundleRecord) -> SeenFiles:
    """What the bundle was made from. Raises BundleError where nothing can be made smaller here."""
    if record.combination is not None:
        raise BundleError(
            "several classifiers answer together here, and one network at a time is made smaller",
            where=str(folder),
            mend=f"Take one of its members, such as {folder / 'members' / '00'}.",
        )
    if record.description is not None:
        raise BundleError(
            f"it answers by {record.description.kind} features, not by a network that could be"
            " made smaller",
            where=str(folder),
            mend="Take the bundle of a network.",
        )
    if record.serving.precision == "int8":
        raise BundleError(
            "it answers in whole numbers already",
            where=str(folder),
            mend="Take the bundle that it was made from.",
        )
    files = read_seen_files(folder)
    if files is None:
        raise BundleError(
            "it does not say which pictures it learnt from, so none is known to be new to it",
            where=str(folder),
            mend="Train it again with this version of Linnaeus.",
        )
    return files


def _check_labels(record: BundleRecord, dataset: Dataset) -> None:
    several = dataset.label_sets is not None
    if dataset.classes != record.classes or several != (record.task == "multi"):
        raise DataError(
            f"these pictures are not labelled as the bundle answers{_otherwise(record, dataset)}",
            where=dataset.name,
            mend=f"{ITS_DATA} Name columns as you did then.",
        )


def _otherwise(record: BundleRecord, dataset: Dataset) -> str:
    """What tells their classes apart, as a clause; nothing where only their order does."""
    lacking = [one for one in record.classes if one not in dataset.classes]
    further = [one for one in dataset.classes if one not in record.classes]
    parts = [
        f"{word} {', '.join(names[:MOST_NAMED])}{', …' if len(names) > MOST_NAMED else ''}"
        for word, names in (("without", lacking), ("with", further))
        if names
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _parted_by(
    files: SeenFiles, pixel_digests: NDArray[np.uint64], dataset: Dataset, looked: Scan
) -> Split:
    learnt = was_seen(files.learnt, looked.content_digests) & looked.readable
    held_out = was_seen(files.held_out, looked.content_digests) & looked.readable & ~learnt
    labelled = np.ones(len(dataset), bool)
    if dataset.label_sets is None:
        labelled = dataset.labels >= 0
    unseen = labelled & looked.readable & ~learnt & ~held_out
    unseen &= ~was_seen(pixel_digests, looked.pixel_digests)
    if (dataset.splits == "test").any():
        unseen &= dataset.splits == "test"
    _check_parts(learnt, held_out, unseen, len(files.held_out) > 0, dataset)
    assignment = np.full(len(dataset), LEFT_OUT, dtype="U10")
    for name, rows in (("train", learnt), ("validation", held_out), ("test", unseen)):
        assignment[rows] = name
    return Split(assignment)


def _check_parts(
    learnt: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    unseen: NDArray[np.bool_],
    holds_out: bool,
    dataset: Dataset,
) -> None:
    """Raise DataError where a part is empty that something rests on."""
    if not learnt.any():
        lacking = "the bundle learnt from none of these pictures, and a smaller one has to"
    elif holds_out and not held_out.any():
        lacking = (
            "none of the pictures that the bundle was calibrated on is here, and a smaller one has"
            " to be calibrated anew"
        )
    elif not unseen.any():
        lacking = (
            "the bundle has learnt from, or was calibrated on, every one of these pictures, so"
            " that none can say how good a smaller one is"
        )
    else:
        return
    raise DataError(lacking, where=dataset.name, mend=ITS_DATA)
