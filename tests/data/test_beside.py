"""Tables that lie in a folder or archive of pictures, or are given for one."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from trees import png, tar_of, write_tree, zip_of

import linnaeus
from linnaeus.data.sources import load_dataset
from linnaeus.errors import DataError, UsageError

FOLDERS = {f"{label}/{n}.png": png(n) for label in ("cat", "dog") for n in range(2)}
TABLE = "file,label,who,age\ncat/0.png,cat,ann,3\ncat/1.png,cat,bob,\ndog/0.png,dog,ann,5\n"
WHOLE = TABLE + "dog/1.png,dog,eve,7\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "pets", FOLDERS)


def with_table(folder: Path, text: str, name: str = "metadata.csv") -> Path:
    return write_tree(folder, {name: text.encode()})


@pytest.mark.slow
def test_the_senders_of_the_clothes_are_in_the_table_inside_the_archive(
    shared_data: Callable[[str], Path],
) -> None:
    archive = shared_data("clothing160.tar")
    with tarfile.open(archive) as opened:
        content = opened.extractfile("clothing160_cc0/metadata.csv")
        assert content is not None
        rows = {row["file"]: row for row in csv.DictReader(io.StringIO(content.read().decode()))}
    dataset = load_dataset(archive, group_column="sender_id")
    assert set(dataset.metadata) == {"kids"}
    assert dataset.groups is not None
    for place, path in enumerate(dataset.paths):
        assert dataset.groups[place] == rows[path]["sender_id"]
        assert dataset.metadata["kids"][place] == rows[path]["kids"]
    assert load_dataset(archive).metadata["sender_id"].dtype == np.float64
    leak = next(f for f in linnaeus.audit(dataset).findings if f.kind == "group-leak")
    assert leak.count == 113


def test_the_boxes_of_the_circuit_boards_tell_their_boards(
    shared_data: Callable[[str], Path],
) -> None:
    dataset = load_dataset(shared_data("deeppcb_crops.tar.xz"), group_column="group")
    assert len(dataset) == 11262
    assert set(dataset.metadata) == {"source", "x1", "y1", "x2", "y2"}
    assert set(dataset.left_alone) == {"LICENSE"}


@pytest.mark.parametrize("form", ["folder", "tar", "zip in a folder"])
def test_a_table_inside_tells_of_the_pictures_wherever_they_are(
    folder: Path, tmp_path: Path, form: str
) -> None:
    bare = load_dataset(folder).fingerprint
    data = with_table(folder, WHOLE)
    if form == "tar":
        data = tar_of(folder, tmp_path / "pets.tar")
    elif form == "zip in a folder":
        data = zip_of(folder, tmp_path / "pets.zip", beneath="pets/")
    dataset = load_dataset(data, group_column="who")
    assert dataset.classes == ("cat", "dog")
    assert dataset.groups is not None
    assert dataset.groups.tolist() == ["ann", "bob", "ann", "eve"]
    assert np.array_equal(dataset.metadata["age"], [3, np.nan, 5, 7], equal_nan=True)
    assert dataset.left_alone == {}
    assert dataset.source.read("dog/1.png") == png(1)
    assert load_dataset(data).fingerprint == bare


def test_a_table_next_to_an_archive_is_named(folder: Path, tmp_path: Path) -> None:
    archive = tar_of(folder, tmp_path / "pets.tar", beneath="inner")
    for start in ("", "inner/", "pets/"):
        rows = "".join(f"{start}{line}\n" for line in WHOLE.splitlines()[1:])
        table = tmp_path / "owners.csv"
        table.write_text("file,label,who,age\n" + rows)
        dataset = load_dataset(archive, table=table, group_column="who")
        assert dataset.groups is not None
        assert dataset.groups.tolist() == ["ann", "bob", "ann", "eve"]


def test_pictures_without_a_row_are_told(folder: Path) -> None:
    dataset = load_dataset(with_table(folder, TABLE), group_column="who")
    assert len(dataset) == 4
    assert dataset.groups is not None
    assert dataset.groups[3] == ""
    assert "No row of a table tells of 1 picture (dog/1.png)." in dataset.notes


def test_rows_without_a_picture_are_told_or_refused_where_the_table_was_named(folder: Path) -> None:
    with_table(folder, WHOLE + "dog/9.png,dog,eve,7\n")
    assert "1 row of files that no picture, or several, are called (dog/9.png)" in " ".join(
        load_dataset(folder).notes
    )
    with pytest.raises(DataError, match=r"1 of 5 rows name files that are not in .*dog/9\.png"):
        load_dataset(folder, table=folder / "metadata.csv")


def test_a_table_of_several_rows_a_picture_is_left_alone_and_named(folder: Path) -> None:
    with_table(folder, "file,x1\ncat/0.png,3\ncat/0.png,9\n", "boxes.csv")
    dataset = load_dataset(folder)
    assert len(dataset) == 4
    assert dataset.metadata == {}
    assert "several rows that differ (line 2 and line 3)" in dataset.left_alone["boxes.csv"]
    with pytest.raises(DataError, match="several rows that differ"):
        load_dataset(folder, table=folder / "boxes.csv")


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "file,label\nnone.png,cat\n", "\x89PNG", "file,label\ncat/0.png\n"]
)
def test_tables_of_something_else_are_left_alone(folder: Path, text: str) -> None:
    bare = load_dataset(folder)
    (folder / "other.csv").write_bytes(text.encode("latin-1"))
    dataset = load_dataset(folder)
    assert dataset.fingerprint == bare.fingerprint
    assert dataset.left_alone["other.csv"].startswith("a table ")


def test_the_first_label_that_contradicts_its_folder_is_named(folder: Path) -> None:
    with_table(folder, WHOLE.replace("dog/0.png,dog", "dog/0.png,cat"))
    with pytest.raises(DataError) as caught:
        load_dataset(folder)
    message = str(caught.value)
    assert "metadata.csv, line 4: 'dog/0.png' lies in the folder 'dog'" in message
    assert "its label is 'cat'" in message


def test_the_first_split_that_contradicts_its_folder_is_named(tmp_path: Path) -> None:
    files = {f"{s}/{c}/1.png": png(1) for s in ("train", "test") for c in "ab"}
    folder = write_tree(tmp_path, files)
    with_table(folder, "file,split\ntrain/a/1.png,train\ntrain/b/1.png,test\n")
    with pytest.raises(DataError, match=r"'train/b/1\.png' lies in the folder of train.* is test"):
        load_dataset(folder)


def test_splits_may_come_from_the_table(folder: Path) -> None:
    rows = [f"{path},{'train' if '0' in path else 'test'}" for path in FOLDERS]
    with_table(folder, "\n".join(["file,split", *rows]))
    assert load_dataset(folder).splits.tolist() == ["train", "test"] * 2
    with_table(folder, "\n".join(["file,split", *rows[:3]]))
    with pytest.raises(DataError, match=r"1 picture without a row is in no split: dog/1\.png"):
        load_dataset(folder)


def test_other_words_for_the_class_are_kept_as_metadata(folder: Path) -> None:
    with_table(folder, WHOLE.replace(",cat,", ",Felis,").replace(",dog,", ",Canis,"))
    dataset = load_dataset(folder)
    assert dataset.classes == ("cat", "dog")
    assert dataset.metadata["label"].tolist() == ["Felis", "Felis", "Canis", "Canis"]


def test_labels_that_do_not_follow_the_folders_are_asked_about(folder: Path) -> None:
    mixed = "file,label\ncat/0.png,big\ncat/1.png,small\ndog/0.png,big\ndog/1.png,small\n"
    with_table(folder, mixed)
    with pytest.raises(DataError, match="--label-column"):
        load_dataset(folder)
    dataset = load_dataset(folder, label_column="label")
    assert dataset.classes == ("big", "small")
    assert dataset.notes == ("Labels are those of label, not those of the folders.",)


def test_without_class_folders_the_table_has_the_labels(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", {f"images/{n}.png": png(n) for n in range(4)})
    with_table(folder, "file,label\n0.png,a\n1.png,b\nimages/2.png,a\n", "labels.csv")
    dataset = load_dataset(zip_of(folder, tmp_path / "set.zip", beneath="set/"))
    assert dataset.classes == ("a", "b")
    assert dataset.paths == ("images/0.png", "images/1.png", "images/2.png")
    assert dataset.left_alone == {"images/": "no row names 1 of its pictures (3.png)"}
    assert dataset.source.read("images/2.png") == png(2)


def test_names_without_their_ending_are_found_where_they_are_unique(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, {f"images/img_{n}.png": png(n) for n in range(3)})
    with_table(folder, "image_id,label\nimg_0,a\nimg_1,a\nimages/img_2,b\n", "train.csv")
    dataset = load_dataset(folder, image_column="image_id")
    assert dataset.labels.tolist() == [0, 0, 1]
    write_tree(tmp_path, {"images/img_1.jpg": png(1)})
    dataset = load_dataset(folder, image_column="image_id")
    assert dataset.paths == ("images/img_0.png", "images/img_2.png")
    assert "1 row of files that no picture, or several, are called (img_1)" in dataset.notes[0]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_image_folders_of_hugging_face(tmp_path: Path, kind: str) -> None:
    files = {f"{split}/{n}.png": png(n) for split in ("train", "test") for n in range(2)}
    for split in ("train", "test"):
        rows = [("0.png", "cat", 1), ("1.png", "dog", 2)]
        text = "file_name,label,score\n" + "".join(f"{f},{a},{s}\n" for f, a, s in rows)
        if kind == "jsonl":
            line = '{{"file_name": "{}", "label": "{}", "score": {}}}\n'
            text = "".join(line.format(*row) for row in rows)
        files[f"{split}/metadata.{kind}"] = text.encode()
    dataset = load_dataset(write_tree(tmp_path, files))
    assert dataset.paths == ("test/0.png", "test/1.png", "train/0.png", "train/1.png")
    assert dataset.splits.tolist() == ["test", "test", "train", "train"]
    assert dataset.labels.tolist() == [0, 1, 0, 1]
    assert dataset.metadata["score"].tolist() == [1, 2, 1, 2]
    assert dataset.left_alone == {}


def test_a_mistake_in_the_only_table_of_labels_is_said(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", {f"{n}.png": png(n) for n in range(2)})
    with_table(folder, "file,label\n0.png,\n1.png,b\n")
    with pytest.raises(DataError, match=r"metadata\.csv, line 2: the column 'label' is empty"):
        load_dataset(folder)
    with_table(folder, "file,what\n0.png,a\n1.png,b\n")
    with pytest.raises(DataError, match="no column has a name that a label column usually has"):
        load_dataset(folder)
    assert load_dataset(folder, label_column="what").classes == ("a", "b")


def test_a_table_and_columns_that_cannot_be_meant_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="for a table only"):
        load_dataset(folder, group_column="who")
    with pytest.raises(UsageError, match="there is no such file"):
        load_dataset(folder, table="none.csv")
    with pytest.raises(UsageError, match="no table by its ending"):
        load_dataset(folder, table=folder / "cat/0.png")
    with_table(folder, WHOLE)
    with pytest.raises(UsageError, match="which is a table already"):
        load_dataset(folder / "metadata.csv", table=folder / "metadata.csv")
    with pytest.raises(DataError, match="no column 'whom'"):
        load_dataset(folder, group_column="whom")
