"""The data set that a verb is given: loaded already, or to be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnaeus.data.columns import Columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.sources import load_dataset
from linnaeus.errors import UsageError

__all__ = ["dataset_of"]


def dataset_of(
    data: str | Path | Dataset,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    to_judge: bool = False,
) -> Dataset:
    """Load `data` where it is not loaded yet; `to_judge` as in `load_dataset`."""
    if not isinstance(data, Dataset):
        return load_dataset(
            data,
            image_column=image_column,
            label_column=label_column,
            group_column=group_column,
            split_column=split_column,
            label_separator=label_separator,
            table=table,
            to_judge=to_judge,
        )
    columns = Columns.named(image_column, label_column, group_column, split_column, label_separator)
    if columns != Columns() or table is not None:
        raise UsageError(
            "a table or columns are named, but the data set is loaded already",
            mend="Name them in load_dataset.",
        )
    return data
