"""A sheet of samples for each class, so that a user sees what the data set takes each class for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.auditing.sampling import evenly_by_class
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.picture_uri import is_tiny, picture_uri

__all__ = ["SAMPLE_PX", "Sample", "Sheet", "sampled_rows", "sheets"]

SAMPLES_A_CLASS = 12
MOST_SAMPLES = 2400  # on the whole page: about 5 MB, for a thousand classes two of each
SAMPLE_PX = 112


@dataclass(frozen=True)
class Sample:
    """One picture of a class; `picture` is a data URI."""

    path: str
    picture: str
    tiny: bool


@dataclass(frozen=True)
class Sheet:
    """Samples of a class, and how many readable pictures it has."""

    name: str
    count: int
    samples: tuple[Sample, ...]


def sampled_rows(dataset: Dataset, readable: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """For each class, the rows of its samples: up to 12, fewer where there are many classes.

    From 2,400 classes on there is one a class, and none for those beyond.
    """
    each = max(1, min(SAMPLES_A_CLASS, MOST_SAMPLES // max(1, len(dataset.classes))))
    chosen = []
    for place in range(len(dataset.classes)):
        of_class = dataset.labels == place
        if dataset.label_sets is not None:
            of_class = dataset.label_sets[:, place]
        rows = np.flatnonzero(of_class & readable)
        few = evenly_by_class(np.zeros(len(rows), np.int64), each if place < MOST_SAMPLES else 0)
        chosen.append(rows[few])
    return chosen


def sheets(
    dataset: Dataset,
    readable: NDArray[np.bool_],
    chosen: list[NDArray[np.int64]],
    images: Mapping[int, Image.Image],
) -> list[Sheet]:
    """The sheet of each class that has samples; `chosen` is what `sampled_rows` gave."""
    counts = dataset.class_counts(readable)
    return [
        Sheet(name, int(counts[place]), tuple(_sample(dataset, row, images) for row in rows))
        for place, name in enumerate(dataset.classes)
        if (rows := [int(row) for row in chosen[place] if int(row) in images])
    ]


def _sample(dataset: Dataset, row: int, images: Mapping[int, Image.Image]) -> Sample:
    image = images[row]
    return Sample(dataset.paths[row], picture_uri(image, SAMPLE_PX), is_tiny(image))
