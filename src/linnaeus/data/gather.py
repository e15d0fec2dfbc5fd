"""Labelled entries from any source put together as one `Dataset`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Column, Dataset, Source, natural_key

__all__ = ["Entry", "gather"]


class Entry(NamedTuple):
    """One picture: its path, its labels (one, or any number of them), split and group."""

    path: str
    labels: tuple[str, ...]
    split: str = ""
    group: str = ""


def gather(
    name: str,
    entries: Sequence[Entry],
    source: Source,
    *,
    label_sets: bool = False,
    classes: Sequence[str] = (),
    grouped: bool = False,
    metadata: Mapping[str, Column] | None = None,
    left_alone: dict[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Dataset:
    """The data set of `entries`, in the order of their paths.

    `label_sets`: each has any number of labels; otherwise each has one. `classes`: names that are
    classes even if no picture shows them. `metadata`: {name: (n,)} in the order of `entries`.
    """
    order = sorted(range(len(entries)), key=lambda row: entries[row].path)
    ordered = [entries[row] for row in order]
    said = {label for entry in ordered for label in entry.labels}
    names = tuple(sorted(said | set(classes), key=natural_key))
    position = {label: place for place, label in enumerate(names)}
    single = np.full(len(ordered), -1, np.int64)
    if not label_sets:
        single[:] = [position[entry.labels[0]] for entry in ordered]
    return Dataset(
        name=name,
        classes=names,
        paths=tuple(entry.path for entry in ordered),
        labels=single,
        splits=np.array([entry.split for entry in ordered], dtype="<U10"),
        groups=np.array([entry.group for entry in ordered]) if grouped else None,
        left_alone=dict(left_alone or {}),
        source=source,
        notes=tuple(notes),
        label_sets=_as_matrix(ordered, position) if label_sets else None,
        metadata={column: values[order] for column, values in (metadata or {}).items()},
    )


def _as_matrix(entries: Sequence[Entry], position: Mapping[str, int]) -> NDArray[np.bool_]:
    matrix = np.zeros((len(entries), len(position)), bool)
    for row, entry in enumerate(entries):
        matrix[row, [position[label] for label in entry.labels]] = True
    return matrix
