"""What is known of judged pictures besides, as columns of their table of answers.

A later `evaluate --predictions` finds there which pictures belong together, and what parts them
into slices.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.columns import LABEL_NAMES
from linnaeus.data.dataset import Column, Dataset
from linnaeus.data.metadata import number_as_text
from linnaeus.evaluation.answer_table import BESIDE_ANSWERS, GROUP, ID_NAMES, PREFIX

__all__ = ["told_at", "told_columns"]

IMAGE = "image"
BEFORE_IMAGE = ID_NAMES[: ID_NAMES.index(IMAGE) + 1]
"""Names by which a table's pictures would be found before `image`, and that itself."""


def told_at(
    dataset: Dataset, rows: NDArray[np.int64], groups: NDArray[np.str_] | None = None
) -> dict[str, list[str]]:
    """{column: (m,) cells} of the pictures at `rows`, as `told_columns` has them.

    `groups` (m,): those that they were judged by, where copies may have joined the data set's own.
    """
    if groups is None and dataset.groups is not None:
        groups = dataset.groups[rows]
    return told_columns(groups, {name: told[rows] for name, told in dataset.metadata.items()})


def told_columns(
    groups: NDArray[np.str_] | None, metadata: Mapping[str, Column]
) -> dict[str, list[str]]:
    """{column: (n,) cells}: `group`, where there are any, and the columns of `metadata`.

    One whose name means something in a table of answers gets a "_" after it, and before it where it
    begins as those of probabilities do.

    >>> told_columns(np.array(["ann"]), {"age": np.array([44.0]), "label": np.array(["x"])})
    {'group': ['ann'], 'age': ['44'], 'label_': ['x']}
    """
    told = {} if groups is None else {GROUP: groups.tolist()}
    meant = {*BEFORE_IMAGE, *LABEL_NAMES, *BESIDE_ANSWERS, *told}
    for name, column in metadata.items():
        written = f"_{name}" if name.startswith(PREFIX) else name
        while written.lower().replace(" ", "_").replace("-", "_") in meant or written in told:
            written += "_"
        told[written] = [_cell(value) for value in column.tolist()]
    return told


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else number_as_text(value)
