"""A data set as WebDataset shards: tar files of pictures, each with a .json and a .cls."""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from linnaeus.data.dataset import Dataset
from linnaeus.data.export_table import GROUP, LABEL, metadata_names, metadata_of
from linnaeus.data.folder_names import folder_name, unused
from linnaeus.data.layout import is_picture
from linnaeus.data.suffixes import suffix_of
from linnaeus.files import write_whole

__all__ = ["write_shards"]

SHARD_BYTES = 500 * 10**6
"""What readers over a network take well at a time."""


def write_shards(out: Path, dataset: Dataset, contents: Iterator[bytes]) -> None:
    """Write SPLIT-000000.tar and so on (data-000000.tar without splits), and classnames.txt.

    A sample's key is its picture's path; numbers in .cls are positions in classnames.txt. The same
    data set gives the same bytes.
    """
    names = metadata_names(dataset)
    taken: set[str] = set()
    with closing(_Shards(out)) as shards:
        for row, content in enumerate(contents):
            key, suffix = _key(dataset.paths[row], content, taken)
            record = json.dumps(_record(dataset, row, names), ensure_ascii=False)
            files = {suffix: content, ".json": record.encode()}
            if dataset.label_sets is None:
                files[".cls"] = str(dataset.labels[row]).encode()
            shards.add(str(dataset.splits[row]) or "data", key, files)
    write_whole(out / "classnames.txt", "".join(f"{name}\n" for name in dataset.classes))


def _record(dataset: Dataset, row: int, names: dict[str, str]) -> dict[str, Any]:
    labels = dataset.labels_of(row)
    record: dict[str, Any] = {LABEL: labels[0] if dataset.label_sets is None else labels}
    if dataset.groups is not None:
        record[GROUP] = str(dataset.groups[row])
    return record | metadata_of(dataset, row, names)


def _key(path: str, content: bytes, taken: set[str]) -> tuple[str, str]:
    """A key without a dot in its last part, used once, and the picture's ending."""
    folder, name = posixpath.split(path)
    stem, suffix = posixpath.splitext(name)
    if not is_picture(f"x{suffix}"):
        stem, suffix = name, suffix_of(content)
    parts = [folder_name(part) for part in folder.split("/") if part]
    key = "/".join([*parts, folder_name(stem).replace(".", "_")])
    return unused(f"{key}{suffix.lower()}", taken).removesuffix(suffix.lower()), suffix.lower()


class _Shards:
    """The shards being written, one open a split."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._open: dict[str, tarfile.TarFile] = {}
        self._count: dict[str, int] = defaultdict(int)

    def add(self, split: str, key: str, files: dict[str, bytes]) -> None:
        """Write the files of one sample; begin a new shard where this one is full."""
        if split in self._open and self._open[split].offset > SHARD_BYTES:
            self._open.pop(split).close()
        if split not in self._open:
            path = self._out / f"{split}-{self._count[split]:06}.tar"
            self._open[split] = tarfile.open(path, "w")  # noqa: SIM115 - open till it is full
            self._count[split] += 1
        for ending, content in files.items():
            member = tarfile.TarInfo(key + ending)
            member.size = len(content)
            self._open[split].addfile(member, io.BytesIO(content))

    def close(self) -> None:
        """End all shards."""
        for shard in self._open.values():
            shard.close()
