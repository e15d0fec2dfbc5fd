"""A data set's pictures as a bundle's features, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from linnaeus.bundle.answer import Answer
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import SEPARATOR
from linnaeus.data.dataset import Dataset

__all__ = ["answers_of", "label_of"]


def answers_of(
    classifier: Classifier,
    dataset: Dataset,
    rows: Iterable[int],
    read: Callable[[str], bytes] | None = None,
) -> Iterator[tuple[int, Answer]]:
    """(row, answer) for `rows` of `dataset`, in their order, features and all; memory stays flat.

    A picture that cannot be read gives an answer with its reason in `error`. `read`: gives the
    bytes of a path as the data set's own source does, which it is by default; from several threads.
    """
    read = read or dataset.source.read
    return classifier.stream((row, partial(read, dataset.paths[row])) for row in rows)


def label_of(dataset: Dataset, row: int) -> str:
    """What the data set says of a picture: its label, several parted by "|", or ""."""
    return SEPARATOR.join(dataset.labels_of(row))
