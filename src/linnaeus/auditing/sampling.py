"""Which pictures stand for all: the same few of each class every time, drawn without favour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.randomness import generator

__all__ = ["evenly_by_class", "shown_class"]

SEED = 0  # a page made twice shows the same pictures


def evenly_by_class(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most `most` of the places in `labels` (n,), sorted, from all classes as evenly as can be.

    A larger sample holds every smaller one. Classes with fewer pictures than their share give all,
    and the others make up for it.
    """
    order = generator(SEED, "sample of each class").permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    starts = np.searchsorted(labels[by_class], labels[by_class])  # where each one's class begins
    turn = np.arange(len(labels)) - starts
    chosen = by_class[np.lexsort((labels[by_class], turn))[:most]]
    return np.sort(chosen)


def shown_class(dataset: Dataset) -> NDArray[np.int64]:
    """(n,) the class that a picture is drawn in: its label or the first of several; -1 for none."""
    if dataset.label_sets is None:
        return dataset.labels
    any_label = dataset.label_sets.any(axis=1)
    return np.where(any_label, dataset.label_sets.argmax(axis=1), -1)
