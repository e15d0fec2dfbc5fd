"""A data set written anew: as class folders, a CSV beside pictures, WebDataset shards or Parquet.

Files are copied byte for byte. What is written loads again with the same labels, splits and groups.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linnaeus.data.dataset import Dataset
from linnaeus.data.export_parquet import write_parquet
from linnaeus.data.export_shards import write_shards
from linnaeus.data.export_table import GROUP, label_separator, metadata_names, write_table
from linnaeus.data.folder_names import file_name, folder_name, unused
from linnaeus.data.layout import is_picture
from linnaeus.data.parquet import pyarrow
from linnaeus.data.rows import as_text
from linnaeus.data.sources import load_dataset
from linnaeus.data.suffixes import suffix_of
from linnaeus.errors import LinnaeusError, UsageError
from linnaeus.files import check_unused, whole_folder
from linnaeus.progress import Progress, Quiet, Stage

__all__ = [
    "FORMATS",
    "Exported",
    "check_can_be_written",
    "contents_of",
    "export_dataset",
    "remarks_on",
    "write_csv",
]


FILE_NAME = "file_name"
"""What Hugging Face's imagefolder wants the column of pictures to be called."""


@dataclass(frozen=True)
class Exported:
    """What was written: `data` is what to load, `remarks` what to know about it."""

    data: Path
    pictures: int
    remarks: tuple[str, ...]


def export_dataset(
    dataset: Dataset, to: str, out: Path, *, progress: Progress | None = None
) -> Exported:
    """Write `dataset` to the new folder `out` as one of `FORMATS`, whole or not at all.

    Raises UsageError where the format cannot hold the data set, DataError where a picture cannot
    be read from its source, WriteError where `out` holds something or the disk refuses,
    MissingError where Parquet is asked for without pyarrow.
    """
    if to not in FORMATS:
        raise UsageError(f"'{to}' is no format", where="--to", mend=f"Use {', '.join(FORMATS)}.")
    check_can_be_written(dataset, to)
    check_unused(out)
    with (
        (progress or Quiet()).stage("Writing pictures", len(dataset)) as stage,
        whole_folder(out) as aside,
    ):
        data = FORMATS[to](dataset, aside, contents_of(dataset, stage))
    return Exported(out / data.relative_to(aside), len(dataset), tuple(remarks_on(dataset, to)))


def _to_folder(dataset: Dataset, out: Path, contents: Iterator[bytes]) -> Path:
    """[split/]class/file, and metadata.csv where folders cannot say everything."""
    folders = _class_folders(dataset)
    taken: set[str] = set()
    paths = []
    for row, content in enumerate(contents):
        (label,) = dataset.labels_of(row)
        folder = posixpath.join(dataset.splits[row], folders[label])
        name = posixpath.basename(dataset.paths[row])
        paths.append(unused(f"{folder}/{_picture_name(name, content)}", taken))
        _write(out / paths[-1], content)
    if dataset.groups is not None or dataset.metadata or any(k != v for k, v in folders.items()):
        write_table(out / "metadata.csv", dataset, paths, image=FILE_NAME)
    _check_comes_back(out, dataset, paths)
    return out


def write_csv(dataset: Dataset, out: Path, contents: Iterator[bytes]) -> Path:
    """table.csv, and the pictures in images/."""
    taken: set[str] = set()
    paths = []
    for row, content in enumerate(contents):
        name = dataset.paths[row].replace("/", "_")
        paths.append(unused(f"images/{_picture_name(name, content)}", taken))
        _write(out / paths[-1], content)
    write_table(out / "table.csv", dataset, paths)
    _check_comes_back(out / "table.csv", dataset, paths)
    return out / "table.csv"


def _to_shards(dataset: Dataset, out: Path, contents: Iterator[bytes]) -> Path:
    write_shards(out, dataset, contents)
    return out


def _to_parquet(dataset: Dataset, out: Path, contents: Iterator[bytes]) -> Path:
    write_parquet(out, dataset, contents)
    return out


FORMATS: dict[str, Callable[[Dataset, Path, Iterator[bytes]], Path]] = {
    "folder": _to_folder,
    "csv": write_csv,
    "webdataset": _to_shards,
    "parquet": _to_parquet,
}
"""What writes a data set into a folder, by the format's name; it returns what to load."""


def check_can_be_written(dataset: Dataset, to: str) -> None:
    """Raise UsageError where the format `to` cannot hold the data set, as `export_dataset` does."""
    if to == "parquet":
        pyarrow()
    if to == "folder" and dataset.label_sets is not None:
        raise UsageError(
            "a picture can lie in one class folder only, but here it may have several labels",
            where="--to folder",
            mend="Use csv, webdataset or parquet.",
        )
    if dataset.label_sets is None and (dataset.labels < 0).any():
        what = f"{(dataset.labels < 0).sum():,} pictures have no label"
        raise UsageError(what, where=dataset.name, mend="Leave them out with Dataset.subset.")
    if (dataset.splits == "").any() and (dataset.splits != "").any():
        what = f"{(dataset.splits == '').sum():,} pictures are in no split, and others are"
        raise UsageError(what, where=dataset.name, mend="Put each in a split, or none.")
    if strange := [name for name in dataset.classes if name != as_text(name) or not name]:
        raise UsageError(
            f"the class name '{strange[0]}' begins or ends with a space, which no table keeps",
            where=dataset.name,
            mend="Rename the class.",
        )


def contents_of(dataset: Dataset, stage: Stage) -> Iterator[bytes]:
    """The bytes of all pictures, in order. Raises UnreadableImage at the first without any."""
    for path in dataset.paths:
        yield dataset.source.read(path)
        stage.advance()


def _class_folders(dataset: Dataset) -> dict[str, str]:
    """{class: folder}; names that only case tells apart are marked, for Windows and macOS."""
    plain = {label: folder_name(label) for label in dataset.classes}
    folded = Counter(name.casefold() for name in plain.values())
    return {
        label: folder_name(label, marked=folded[name.casefold()] > 1)
        for label, name in plain.items()
    }


def _picture_name(name: str, content: bytes) -> str:
    return file_name(name if is_picture(f"x{name}") else name + suffix_of(content))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _check_comes_back(data: Path, dataset: Dataset, paths: list[str]) -> None:
    """Load what was written, and raise UsageError where it is another data set."""
    column = GROUP if dataset.groups is not None else None
    separator = label_separator(dataset) if dataset.label_sets is not None else None
    try:
        read = load_dataset(data, group_column=column, label_separator=separator)
        same = _by_path(read, read.paths) == _by_path(dataset, paths)
        reason = "" if same else "labels, splits or groups differ"
    except LinnaeusError as error:
        same, reason = False, error.what
    if not same:
        raise UsageError(
            f"in this format it would not load again as it is ({reason})",
            where=dataset.name,
            mend="Use webdataset or parquet.",
        )


def _by_path(dataset: Dataset, paths: tuple[str, ...] | list[str]) -> dict[str, object]:
    groups = dataset.groups
    return {
        path: (dataset.labels_of(row), dataset.splits[row], "" if groups is None else groups[row])
        for row, path in enumerate(paths)
    }


def remarks_on(dataset: Dataset, to: str) -> Iterator[str]:
    """What to know about the data set when it was written as `to`, as sentences."""
    if dataset.label_sets is not None and to == "csv":
        yield f"Labels are parted by --label-separator '{label_separator(dataset)}'."
    if dataset.groups is not None:
        yield f"Groups are in the column '{GROUP}': load them with --group-column {GROUP}."
    for name, written in metadata_names(dataset).items():
        if name != written:
            yield f"The column '{name}' is called '{written}', for the name has a meaning here."
