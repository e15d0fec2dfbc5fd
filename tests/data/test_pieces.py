"""Data sets in pieces: WebDataset shards, and Parquet files with the pictures in them."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import png, write_tree

from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.errors import DataError, UsageError


def shard(path: Path, members: dict[str, bytes | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode: Any = "w:gz" if path.suffix in (".gz", ".tgz") else "w"
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def numbered(numbers: range) -> dict[str, bytes | str]:
    """Samples of a picture and a class number, which is odd or even as its own is."""
    members: dict[str, bytes | str] = {}
    for number in numbers:
        members |= {f"{number:04}.png": png(number), f"{number:04}.cls": str(number % 2)}
    return members


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
@pytest.mark.parametrize("how", ["folder", "braces", "wildcard"])
def test_shards_are_one_data_set(tmp_path: Path, ending: str, how: str) -> None:
    folder = tmp_path / "shards"
    for place in range(3):
        shard(folder / f"all-{place:03}.{ending}", numbered(range(place * 4, place * 4 + 4)))
    given = {
        "folder": folder,
        "braces": folder / f"all-{{000..002}}.{ending}",
        "wildcard": folder / f"all-*.{ending}",
    }
    dataset = load_dataset(given[how])
    assert dataset.name == "shards"
    assert dataset.classes == ("0", "1")
    assert dataset.labels.tolist() == [0, 1] * 6
    assert dataset.paths[5] == f"all-001.{ending}/0005.png"
    assert dataset.source.read(dataset.paths[5]) == png(5)
    assert scan(dataset).readable.all()
    assert dataset.left_alone == {}


def test_one_shard_is_a_data_set(tmp_path: Path) -> None:
    dataset = load_dataset(shard(tmp_path / "pets.tar", numbered(range(4))))
    assert dataset.name == "pets"
    assert dataset.paths[0] == "pets.tar/0000.png"


def test_splits_and_class_names_lie_around_the_shards(tmp_path: Path) -> None:
    shard(tmp_path / "train/0.tar", numbered(range(4)))
    shard(tmp_path / "test/0.tar", numbered(range(4, 6)))
    (tmp_path / "classnames.txt").write_text("even\nodd\n", encoding="utf-8")
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("even", "odd")
    assert dataset.splits.tolist() == ["test"] * 2 + ["train"] * 4
    assert dataset.labels.tolist() == [0, 1] * 3


def test_a_class_is_a_place_among_the_names_by_plain_digits_alone(tmp_path: Path) -> None:
    shard(tmp_path / "0.tar", {**numbered(range(4)), "9.png": png(9), "9.cls": "１"})
    (tmp_path / "classnames.txt").write_text("even\nodd\n", encoding="utf-8")
    assert set(load_dataset(tmp_path).classes) == {"even", "odd", "１"}


def test_class_names_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    shard(tmp_path / "train/0.tar", numbered(range(4)))
    (tmp_path / "classes.txt").write_text("käfer\ndog\n", encoding="latin-1")
    with pytest.raises(DataError, match=r"classes\.txt: the list of class names is not UTF-8"):
        load_dataset(tmp_path)


def test_the_json_of_a_sample_is_a_row_of_columns(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {}
    for number, (label, who) in enumerate([("cat", "ann"), ("dog", "bob"), ("cat", "ann")]):
        record = {"label": label, "who": who, "width": 20 + number}
        members[f"a/{number}.jpg"] = png(number)
        members[f"a/{number}.json"] = json.dumps(record)
        members[f"a/{number}.cls"] = str(number)
        members[f"a/{number}.txt"] = f"picture {number}"
        members[f"a/{number}.mask.png"] = png(9)
    dataset = load_dataset(shard(tmp_path / "x-train-0.tar", members), group_column="who")
    assert dataset.classes == ("cat", "dog")
    assert dataset.groups is not None
    assert dataset.groups.tolist() == ["ann", "bob", "ann"]
    assert set(dataset.splits) == {"train"}
    assert dataset.metadata["width"].tolist() == [20, 21, 22]
    assert dataset.metadata["txt"].tolist() == ["picture 0", "picture 1", "picture 2"]
    assert set(dataset.metadata) == {"width", "txt"}
    assert dataset.left_alone == {"*.mask.png": "3 files of a kind not used"}


def test_class_folders_with_annotations_are_no_shard(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {}
    for label in "ab":
        members |= {f"{label}/1.png": png(1), f"{label}/1.json": '{"shapes": [[1, 2]]}'}
    dataset = load_dataset(shard(tmp_path / "set.tar", members))
    assert dataset.classes == ("a", "b")
    assert dataset.paths == ("a/1.png", "b/1.png")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"1.png": png(1), "1.json": "{"}, ["sample '1'", ".json cannot be read"]),
        ({"1.png": png(1), "1.json": "3"}, ["sample '1'", "no object"]),
        ({"1.png": png(1), "1.jpg": png(1), "1.cls": "0"}, ["'1' has several pictures"]),
        ({"1.png": png(1), "1.json": '{"box": {"x": 1}}'}, ["sample '1'", "'box' holds"]),
        ({"1.png": png(1), "1.cls": "0", "2.png": png(2)}, ["sample 2", "'cls' is empty"]),
    ],
)
def test_each_mistake_in_a_shard_gives_one_clear_sentence(
    tmp_path: Path, members: dict[str, bytes | str], words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(shard(tmp_path / "s.tar", members))
    for word in words:
        assert word in str(caught.value)


def test_shards_that_are_missing_or_half_named_are_refused(tmp_path: Path) -> None:
    shard(tmp_path / "train-0.tar", numbered(range(4)))
    with pytest.raises(UsageError, match=r"files are missing: .*train-1\.tar"):
        load_dataset(tmp_path / "train-{0..1}.tar")
    with pytest.raises(UsageError, match="no file fits this pattern"):
        load_dataset(tmp_path / "none-*.tar")
    with pytest.raises(UsageError, match="counts 0 files"):
        load_dataset(tmp_path / "train-{3..1}.tar")
    shard(tmp_path / "rest-0.tar", numbered(range(4)))
    with pytest.raises(DataError, match=r"train-0\.tar tell their split, but not rest-0\.tar"):
        load_dataset(tmp_path)


def parquet(path: Path, columns: dict[str, Any], names: list[str]) -> Path:
    feature = {"label": {"names": names, "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    info = json.dumps({"info": {"features": feature}})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns).replace_schema_metadata({"huggingface": info}), path)
    return path


def pictures(numbers: range, *, named: bool) -> list[dict[str, Any]]:
    return [{"bytes": png(n), "path": f"{n}.png" if named else None} for n in numbers]


@pytest.mark.parametrize("named", [True, False])
def test_parquet_files_of_hugging_face_hold_pictures_and_class_names(
    tmp_path: Path, named: bool
) -> None:
    for split, numbers in {"train": range(100), "test": range(100, 110)}.items():
        parquet(
            tmp_path / f"data/{split}-00000-of-00001.parquet",
            {
                "image": pictures(numbers, named=named),
                "label": [n % 2 for n in numbers],
                "score": [n / 2 for n in numbers],
            },
            ["even", "odd"],
        )
    write_tree(tmp_path, {"README.md": b"about"})
    dataset = load_dataset(tmp_path)
    assert dataset.classes == ("even", "odd")
    assert len(dataset) == 110
    assert set(dataset.left_alone) == {"README.md"}
    for row, path in enumerate(dataset.paths):
        number = int(dataset.metadata["score"][row] * 2)
        assert dataset.source.read(path) == png(number)
        assert dataset.labels[row] == number % 2
        assert dataset.splits[row] == ("train" if number < 100 else "test")
    own = "99.png" if named else "data/train-00000-of-00001.parquet/0000100.png"
    assert own in dataset.paths
    assert scan(dataset).readable.all()


def test_one_parquet_file_may_hold_plain_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pets.parquet"
    pq.write_table(pa.table({"img": [png(0), png(1)], "label": ["cat", "dog"]}), path)
    dataset = load_dataset(path)
    assert dataset.name == "pets"
    assert dataset.source.read(dataset.paths[1]) == png(1)
    assert np.all(dataset.splits == "")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"image": [None, {"bytes": b"x", "path": ""}], "label": [0, 1]}, "row 1: .*no picture"),
        ({"image": pictures(range(2), named=True), "label": [0, 5]}, "row 2: .*names only 2"),
        ({"image": pictures(range(2), named=True), "label": [0, -1]}, "row 2: .*'label' is empty"),
        (
            {"image": pictures(range(1), named=True), "b": pictures(range(1), named=True)},
            "several columns of pictures",
        ),
    ],
)
def test_each_mistake_in_a_parquet_of_pictures_gives_one_clear_sentence(
    tmp_path: Path, columns: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        load_dataset(parquet(tmp_path / "x.parquet", columns, ["a", "b"]))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Whole files by their names: Parquet with and without pictures, a shard, JSON lines."""
    folder = tmp_path_factory.mktemp("sound")
    columns = {"image": pictures(range(4), named=True), "label": [0, 1, 0, 1], "x": [1, 2, 3, 4.5]}
    parquet(folder / "pictures.parquet", columns, ["a", "b"])
    names = [f"{n}.png" for n in range(4)]
    pq.write_table(pa.table({"path": names, "label": list("abab")}), folder / "paths.parquet")
    shard(folder / "shard.tar", {**numbered(range(3)), "0001.json": '{"who": "ann"}'})
    lines = (
        json.dumps({"path": n, "label": n[0], "x": [1.5, None][i % 2]}) for i, n in enumerate(names)
    )
    (folder / "rows.jsonl").write_text("\n".join(lines))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(
    st.sampled_from(["pictures.parquet", "paths.parquet", "shard.tar", "rows.jsonl"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_damaged_file_gives_a_data_set_or_one_sentence(
    sound: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    hits: list[tuple[float, int]],
) -> None:
    folder = write_tree(tmp_path_factory.mktemp("hurt"), {f"{n}.png": png(n) for n in range(4)})
    content = bytearray(sound[name])
    for place, value in hits:
        content[int(place * (len(content) - 1))] = value
    (folder / name).write_bytes(content)
    try:
        dataset = load_dataset(folder / name)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        seen = scan(dataset, workers=1)
        assert len(dataset.fingerprint) == 64
        assert len(seen.unreadable) + seen.readable.sum() == len(dataset)
