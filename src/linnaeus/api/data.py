"""`export_dataset` and `fetch_dataset`: data sets written anew, and brought here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnaeus.api.dataset_of import dataset_of
from linnaeus.data.dataset import Dataset
from linnaeus.data.export import Exported
from linnaeus.data.export import export_dataset as write_dataset
from linnaeus.data.named import fetch
from linnaeus.progress import Progress

__all__ = ["export_dataset", "fetch_dataset"]


def export_dataset(
    data: str | Path | Dataset,
    *,
    to: str,
    out: str | Path,
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    label_separator: str | None = None,
    table: str | Path | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a data set anew to the folder `out`: `to` is folder, csv, webdataset or parquet.

    Pictures are copied byte for byte. Raises as `load_dataset` and `data.export.export_dataset` do.
    """
    dataset = dataset_of(
        data, image_column, label_column, group_column, split_column, label_separator, table
    )
    return write_dataset(dataset, to, Path(out), progress=progress)


def fetch_dataset(
    data: str, *, to: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Download the data set called `data`: a name that `linnaeus data` lists, kaggle:OWNER/NAME or
    hf:OWNER/NAME. Returns its folder, by default where its name finds it, else `to`.

    What was broken off goes on; what is here already is checked and stays. Raises as
    `data.named.fetch` does.
    """
    return fetch(data, None if to is None else Path(to), progress)
