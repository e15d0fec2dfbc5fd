"""What a data set says of its pictures, as columns: for CSV, shards and Parquet alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from linnaeus.data.columns import IMAGE_NAMES, LABEL_NAMES, SPLIT_COLUMN_NAMES
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.files import write_whole

__all__ = ["GROUP", "LABEL", "label_separator", "metadata_names", "metadata_of", "write_table"]

LABEL, SPLIT, GROUP = "label", "split", "group"
SEPARATORS = "|;,/ "


def metadata_names(dataset: Dataset) -> dict[str, str]:
    """{column of metadata: its name in a file}: another where the name would be taken for ours."""
    meant = {*IMAGE_NAMES, *LABEL_NAMES, *SPLIT_COLUMN_NAMES, GROUP}
    names: dict[str, str] = {}
    for name in dataset.metadata:
        written = name.strip()
        while written.lower().replace(" ", "_").replace("-", "_") in meant or written in set(
            names.values()
        ):
            written += "_"
        names[name] = written
    return names


def metadata_of(dataset: Dataset, row: int, names: Mapping[str, str]) -> dict[str, float | str]:
    """{name in a file: value} of one picture; empty cells are left out."""
    values = {written: dataset.metadata[name][row] for name, written in names.items()}
    return {w: value.item() for w, value in values.items() if not _is_empty(value)}


def label_separator(dataset: Dataset) -> str:
    """What can part labels in one cell. Raises UsageError when every candidate is in a name."""
    for separator in SEPARATORS:
        if not any(separator in name for name in dataset.classes):
            return separator
    raise UsageError(
        "no separator of labels is free: names of classes contain all of them",
        where=dataset.name,
        mend="Use webdataset or parquet.",
    )


def write_table(path: Path, dataset: Dataset, paths: Sequence[str], *, image: str = "path") -> None:
    """Write a CSV of the pictures at `paths`, in the column `image`: label, split, group, metadata.

    Splits and groups are there if there are any.
    """
    names = metadata_names(dataset)
    header = [image, LABEL]
    header += [SPLIT] if (dataset.splits != "").any() else []
    header += [GROUP] if dataset.groups is not None else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*header, *names.values()])
    separator = "" if dataset.label_sets is None else label_separator(dataset)
    for row, picture in enumerate(paths):
        said = {image: picture, LABEL: separator.join(dataset.labels_of(row))}
        said[SPLIT] = str(dataset.splits[row])
        said[GROUP] = "" if dataset.groups is None else str(dataset.groups[row])
        metadata = metadata_of(dataset, row, names)
        cells = [_written(metadata.get(name, "")) for name in names.values()]
        table.writerow([*(said[column] for column in header), *cells])
    write_whole(path, text.getvalue())


def _is_empty(value: np.float64 | np.str_) -> bool:
    return value == "" if isinstance(value, str) else bool(np.isnan(value))


def _written(value: float | str) -> str:
    """A number so that it reads back the same, whole ones without a point."""
    if isinstance(value, float) and np.isfinite(value) and value == int(value):
        return str(int(value)) if abs(value) <= 2**53 else repr(value)
    return str(value)
