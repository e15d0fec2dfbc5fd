"""A data set as Parquet files with the pictures in them, as Hugging Face's datasets reads them."""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from linnaeus.data.dataset import Dataset
from linnaeus.data.export_table import GROUP, LABEL, metadata_names, metadata_of
from linnaeus.data.parquet import pyarrow

__all__ = ["write_parquet"]

IMAGE = "image"
ROWS_A_GROUP = 100
"""Few enough that a reader need not take megabytes for one picture."""

FILE_BYTES = 500 * 10**6


def write_parquet(out: Path, dataset: Dataset, contents: Iterator[bytes]) -> None:
    """Write data/SPLIT-00000.parquet and so on (data-00000.parquet without splits).

    Columns: image (bytes and path), label (a position in the class names that the file describes,
    or a list of names), group if any, metadata.
    """
    names = metadata_names(dataset)
    with closing(_Files(out / "data", _schema(dataset, names))) as files:
        for row, content in enumerate(contents):
            record = _record(dataset, row, names)
            record[IMAGE] = {"bytes": content, "path": dataset.paths[row]}
            files.add(str(dataset.splits[row]) or "data", record, len(content))


def _record(dataset: Dataset, row: int, names: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {LABEL: int(dataset.labels[row])}
    if dataset.label_sets is not None:
        record[LABEL] = list(dataset.labels_of(row))
    if dataset.groups is not None:
        record[GROUP] = str(dataset.groups[row])
    return record | metadata_of(dataset, row, names)


def _schema(dataset: Dataset, names: dict[str, str]) -> Any:
    """The columns, with the description that Hugging Face's datasets keeps of them."""
    arrow = pyarrow()
    text, number = arrow.string(), arrow.float64()
    struct = arrow.struct([("bytes", arrow.binary()), ("path", text)])
    several = dataset.label_sets is not None
    columns = [(IMAGE, struct), (LABEL, arrow.list_(text) if several else arrow.int64())]
    features: dict[str, Any] = {IMAGE: {"_type": "Image"}}
    features[LABEL] = {"names": list(dataset.classes), "_type": "ClassLabel"}
    if several:
        features[LABEL] = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    if dataset.groups is not None:
        columns.append((GROUP, text))
        features[GROUP] = {"dtype": "string", "_type": "Value"}
    for name, written in names.items():
        numbers = dataset.metadata[name].dtype == np.float64
        columns.append((written, number if numbers else text))
        features[written] = {"dtype": "float64" if numbers else "string", "_type": "Value"}
    description = json.dumps({"info": {"features": features}})
    return arrow.schema(columns, metadata={"huggingface": description})


class _Files:
    """The files being written, one open a split, its rows waiting for a whole group."""

    def __init__(self, folder: Path, schema: Any) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._schema = schema
        self._writers: dict[str, Any] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._bytes: dict[str, int] = defaultdict(int)
        self._count: dict[str, int] = defaultdict(int)

    def add(self, split: str, record: dict[str, Any], size_bytes: int) -> None:
        """Write one row; begin a new file where this one is full."""
        self._waiting[split].append(record)
        self._bytes[split] += size_bytes
        if len(self._waiting[split]) == ROWS_A_GROUP:
            self._write(split)
        if self._bytes[split] > FILE_BYTES:
            self._end(split)

    def close(self) -> None:
        """Write what waits, and end all files."""
        for split in list(self._waiting):
            self._end(split)

    def _write(self, split: str) -> None:
        if not self._waiting[split]:
            return
        if split not in self._writers:
            path = self._folder / f"{split}-{self._count[split]:05}.parquet"
            writer = importlib.import_module("pyarrow.parquet").ParquetWriter
            self._writers[split] = writer(path, self._schema)
            self._count[split] += 1
        table = pyarrow().Table.from_pylist(self._waiting.pop(split), schema=self._schema)
        self._writers[split].write_table(table)

    def _end(self, split: str) -> None:
        self._write(split)
        self._bytes[split] = 0
        if split in self._writers:
            self._writers.pop(split).close()
