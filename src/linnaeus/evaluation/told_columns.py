"""What is known of judged pictures besides, as columns of their table of answers.

A later `evaluate --predictions` finds there which pictures belong together, and what parts them
into slices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.columns import LABEL_NAMES
from linnaeus.data.dataset import Column, Dataset
from linnaeus.data.metadata import number_as_text
from linnaeus.evaluation.answer_table import BESIDE_ANSWERS, GROUP, ID_NAMES, PREFIX
from linnaeus.evaluation.answered_pictures import name_in_table

__all__ = ["told_at", "told_columns"]

IMAGE = "image"
BEFORE_IMAGE = ID_NAMES[: ID_NAMES.index(IMAGE) + 1]
"""Names by which a table's pictures would be found before `image`, and that itself."""


def told_at(
    dataset: Dataset,
    rows: NDArray[np.int64],
    groups: NDArray[np.str_] | None,
    *,
    elsewhere: bool = False,
) -> dict[str, list[str]]:
    """{column: (m,) cells} of the pictures at `rows`, as `told_columns` has them.

    `groups` (m,): those that they were judged by, as `data.together` gives them; None where each
    stands alone. `elsewhere`: others of the data set do not, so that the tables of all its folds
    are to have the column.
    """
    cells = None if groups is None else _group_cells(dataset, rows, groups.tolist())
    if cells is None and elsewhere:
        cells = [""] * len(rows)
    return told_columns(cells, {name: told[rows] for name, told in dataset.metadata.items()})


def told_columns(
    group_cells: Sequence[str] | None, metadata: Mapping[str, Column]
) -> dict[str, list[str]]:
    """{column: (n,) cells}: `group`, where there are any, and the columns of `metadata`.

    One whose name means something in a table of answers gets a "_" after it, and before it where it
    begins as those of probabilities do.

    >>> told_columns(["ann"], {"age": np.array([44.0]), "Group": np.array(["x"])})
    {'group': ['ann'], 'age': ['44'], 'Group_': ['x']}
    """
    told = {} if group_cells is None else {GROUP: list(group_cells)}
    meant = {*BEFORE_IMAGE, *LABEL_NAMES, *BESIDE_ANSWERS, GROUP}
    for name, column in metadata.items():
        written = f"_{name}" if name.startswith(PREFIX) else name
        while written.lower().replace(" ", "_").replace("-", "_") in meant or written in told:
            written += "_"
        told[written] = [_cell(value) for value in column.tolist()]
    return told


def _group_cells(dataset: Dataset, rows: NDArray[np.int64], groups: Sequence[str]) -> list[str]:
    """(m,) what each of `groups` (m,) is called in a table: as the first of its pictures that the
    data set has in a group; else by the name of its first picture, or "" where that is alone."""
    own = [""] * len(dataset) if dataset.groups is None else dataset.groups.tolist()
    called: dict[str, str] = {}
    for group, row in zip(groups, rows.tolist(), strict=True):
        if own[row]:
            called.setdefault(group, own[row])
    sizes, taken = Counter(groups), set(own)
    for group, row in zip(groups, rows.tolist(), strict=True):
        if group not in called and sizes[group] > 1:
            name = name_in_table(dataset.paths[row])
            while name in taken:
                name += "'"
            called[group] = name
            taken.add(name)
    return [called.get(group, "") for group in groups]


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else number_as_text(value)
