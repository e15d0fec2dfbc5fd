"""Data sets written anew, and loaded again."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import png, write_tree

import linnaeus
from linnaeus.data.dataset import Dataset
from linnaeus.data.export import FORMATS, export_dataset
from linnaeus.data.folder_names import folder_name, is_folder_of
from linnaeus.data.sources import load_dataset
from linnaeus.errors import UnreadableImage, UsageError, WriteError

SharedData = Callable[[str], Path]


def table_of(dataset: Dataset) -> list[tuple[Any, ...]]:
    """All that must come back, whatever the pictures are called."""
    groups = dataset.groups
    return sorted(
        (
            dataset.source.read(path),
            dataset.labels_of(row),
            str(dataset.splits[row]),
            "" if groups is None else str(groups[row]),
        )
        for row, path in enumerate(dataset.paths)
    )


def there_and_back(dataset: Dataset, to: str, out: Path, **options: Any) -> Dataset:
    exported = export_dataset(dataset, to, out)
    assert exported.pictures == len(dataset)
    return load_dataset(exported.data, **options)


@pytest.mark.parametrize("to", FORMATS)
def test_the_clothes_come_back_with_splits_groups_and_metadata(
    shared_data: SharedData, tmp_path: Path, to: str
) -> None:
    whole = load_dataset(shared_data("clothing160.tar"), group_column="sender_id")
    dataset = whole.subset(np.arange(0, len(whole), 20))
    back = there_and_back(dataset, to, tmp_path / "out", group_column="group")
    assert back.classes == dataset.classes
    assert table_of(back) == table_of(dataset)
    assert set(back.metadata) == {"kids"}
    assert set(back.metadata["kids"]) == set(dataset.metadata["kids"])


@pytest.mark.parametrize("to", FORMATS)
def test_photographs_without_splits_come_back(photo_folder: Path, tmp_path: Path, to: str) -> None:
    dataset = load_dataset(photo_folder)
    back = there_and_back(dataset, to, tmp_path / "out")
    assert table_of(back) == table_of(dataset)
    assert back.groups is None
    if to in ("folder", "parquet"):
        assert back.fingerprint == dataset.fingerprint


@pytest.mark.parametrize("to", FORMATS)
def test_digits_come_back(tmp_path: Path, to: str) -> None:
    dataset = load_dataset("digits").subset(range(0, 1797, 30))
    assert table_of(there_and_back(dataset, to, tmp_path / "out")) == table_of(dataset)


LABELS = ["a/b", "a%2Fb", "con", "...", ".hidden", "50%", "Cat", "cat", "Käfer", "x" * 200, "?"]


@pytest.mark.parametrize("to", FORMATS)
def test_class_names_that_are_no_file_names_come_back(tmp_path: Path, to: str) -> None:
    rows = [{"path": f"{n}.png", "label": label} for n, label in enumerate(LABELS)]
    files = {f"{n}.png": png(n) for n in range(len(LABELS))}
    write_tree(tmp_path / "set", files)
    table = tmp_path / "set/table.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    dataset = load_dataset(table)
    back = there_and_back(dataset, to, tmp_path / "out")
    assert set(back.classes) == set(LABELS)
    assert table_of(back) == table_of(dataset)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=2, unique=True))
def test_no_two_classes_share_a_folder(labels: list[str]) -> None:
    one, other = labels
    assert folder_name(one) != folder_name(other)
    assert is_folder_of(folder_name(one), one)
    assert not is_folder_of(folder_name(one, marked=True), other)
    assert not set(folder_name(one)) & set('<>:"/\\|?*')
    assert folder_name(one).strip(" .") == folder_name(one)


@pytest.mark.parametrize("to", ["csv", "webdataset", "parquet"])
def test_several_labels_and_types_come_back(tmp_path: Path, to: str) -> None:
    write_tree(tmp_path / "set", {f"{n}.png": png(n) for n in range(3)})
    rows = [
        {"path": "0.png", "label": ["sea", "a|b"], "height": 1.5, "label_name": "x"},
        {"path": "1.png", "label": [], "height": None, "label_name": "y"},
        {"path": "2.png", "label": ["a|b"], "height": 1 / 3, "label_name": ""},
    ]
    table = tmp_path / "set/table.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    dataset = load_dataset(table)
    exported = export_dataset(dataset, to, tmp_path / "out")
    assert "'label_name' is called 'label_name_'" in " ".join(exported.remarks)
    separator = ";" if to == "csv" else None
    back = load_dataset(exported.data, label_separator=separator)
    assert back.label_sets is not None
    assert table_of(back) == table_of(dataset)
    order = [back.source.read(path) == png(0) for path in back.paths]
    assert back.metadata["height"][order.index(True)] == 1.5
    assert np.nanmin(back.metadata["height"]) == 1 / 3
    assert sorted(back.metadata["label_name_"]) == ["", "x", "y"]


def test_files_of_one_name_are_all_kept(tmp_path: Path) -> None:
    files = {
        f"{s}/{c}/1.png": png(n) for n, (s, c) in enumerate([("x", "a"), ("y", "a"), ("y", "b")])
    }
    folder = write_tree(tmp_path / "set", files)
    (folder / "t.csv").write_text("path,label\nx/a/1.png,a\ny/a/1.png,a\ny/b/1.png,b\n")
    dataset = load_dataset(folder / "t.csv")
    back = there_and_back(dataset, "folder", tmp_path / "out")
    assert back.paths == ("a/1-2.png", "a/1.png", "b/1.png")
    assert table_of(back) == table_of(dataset)


def test_what_other_tools_read_is_there(photo_folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset(photo_folder)
    export_dataset(dataset, "webdataset", tmp_path / "shards")
    with tarfile.open(tmp_path / "shards/data-000000.tar") as shard:
        names = shard.getnames()
    key = dataset.paths[0].removesuffix(".jpg")
    assert names[:3] == [f"{key}.jpg", f"{key}.json", f"{key}.cls"]
    assert (tmp_path / "shards/classnames.txt").read_text().split() == list(dataset.classes)
    export_dataset(dataset, "parquet", tmp_path / "parquet")
    file = pq.ParquetFile(tmp_path / "parquet/data/data-00000.parquet")
    info = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert info["label"] == {"names": list(dataset.classes), "_type": "ClassLabel"}
    assert info["image"] == {"_type": "Image"}


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_is_whole_or_not_at_all(photo_folder: Path, tmp_path: Path, to: str) -> None:
    dataset = load_dataset(photo_folder)
    (photo_folder / dataset.paths[20]).unlink()
    with pytest.raises(UnreadableImage, match=dataset.paths[20]):
        export_dataset(dataset, to, tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == [photo_folder.name]
    with pytest.raises(WriteError, match="not empty"):
        export_dataset(dataset, to, photo_folder)


def test_what_a_format_cannot_hold_is_refused(photo_folder: Path, tmp_path: Path) -> None:
    dataset = load_dataset(photo_folder)
    with pytest.raises(UsageError, match="'zip' is no format"):
        export_dataset(dataset, "zip", tmp_path / "out")
    (tmp_path / "t.csv").write_text(f"path,label\nphotos/{dataset.paths[0]},a|b\n")
    several = load_dataset(tmp_path / "t.csv", label_separator="|")
    with pytest.raises(UsageError, match="may have several labels"):
        export_dataset(several, "folder", tmp_path / "out")
    (photo_folder / "glass").rename(photo_folder / " glass")
    with pytest.raises(UsageError, match="begins or ends with a space"):
        export_dataset(load_dataset(photo_folder), "csv", tmp_path / "out")


def test_the_python_verb_takes_what_the_others_take(photo_folder: Path, tmp_path: Path) -> None:
    exported = linnaeus.export_dataset(photo_folder, to="csv", out=tmp_path / "out")
    assert exported.data == tmp_path / "out" / "table.csv"
    assert len(linnaeus.load_dataset(exported.data)) == 36
