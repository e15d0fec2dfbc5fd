"""Tables of paths and labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from trees import png, write_tree

from linnaeus.data.sources import load_dataset
from linnaeus.errors import DataError, UsageError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_tree(tmp_path, {f"img/{number}.png": png(number) for number in range(4)})


def table(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


ROWS = "img/0.png,cat\nimg/1.png,dog\nimg/2.png,cat\nimg/3.png,dog\n"


@pytest.mark.parametrize("header", ["path,label", "Image Path,Class", "FILENAME,category"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_columns_are_known_by_their_usual_names(pictures: Path, header: str, encoding: str) -> None:
    dataset = load_dataset(table(pictures, f"{header}\n{ROWS}", encoding=encoding))
    assert dataset.classes == ("cat", "dog")
    assert dataset.paths == tuple(f"img/{number}.png" for number in range(4))
    assert dataset.labels.tolist() == [0, 1, 0, 1]
    assert dataset.groups is None
    assert dataset.source.read("img/2.png") == png(2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(pictures: Path, delimiter: str) -> None:
    text = ("path,label\n" + ROWS).replace(",", delimiter)
    assert len(load_dataset(table(pictures, text, "table.tsv"))) == 4


def test_groups_and_splits_come_from_their_columns(pictures: Path) -> None:
    text = "file,what,who,Split\n"
    text += "img/0.png,cat,ann,train\nimg/1.png,dog,bob,Train\n"
    text += "img/2.png,cat,ann,val\nimg/3.png,dog,,test\n"
    path = table(pictures, text)
    dataset = load_dataset(path, label_column="what", group_column="who")
    assert dataset.splits.tolist() == ["train", "train", "validation", "test"]
    assert dataset.groups is not None
    assert dataset.groups.tolist() == ["ann", "bob", "ann", ""]


def test_windows_paths_and_paths_outside_the_folder_are_the_users_own(pictures: Path) -> None:
    rows = "..\\img\\0.png,a\n../img/1.png,b\n" + f'"{(pictures / "img/2.png").as_posix()}",a\n'
    (pictures / "tables").mkdir()
    dataset = load_dataset(table(pictures / "tables", "path,label\n" + rows))
    contents = {dataset.source.read(path) for path in dataset.paths}
    assert contents == {png(0), png(1), png(2)}


def test_pictures_that_no_row_names_are_told(pictures: Path) -> None:
    dataset = load_dataset(table(pictures, "path,label\nimg/0.png,a\nimg/1.png,b\n"))
    assert dataset.left_alone == {"img/": "no row names 2 of its pictures (2.png, 3.png)"}


def test_a_row_said_twice_counts_once_and_is_told(pictures: Path) -> None:
    dataset = load_dataset(table(pictures, f"path,label\n{ROWS}./img/0.png,cat\n"))
    assert len(dataset) == 4
    assert dataset.left_alone == {"line 6": "it repeats line 2 (img/0.png)"}


def test_a_row_that_repeats_another_with_other_values_is_told(pictures: Path) -> None:
    rows = "img/0.png,cat,1\nimg/1.png,dog,2\nimg/0.png,cat,3\n"
    dataset = load_dataset(table(pictures, "path,label,x\n" + rows))
    assert dataset.left_alone["line 4"] == "it repeats line 2 with other values (img/0.png)"
    assert dataset.metadata["x"].tolist() == [1, 2]


def test_numbers_of_folds_are_no_split(pictures: Path) -> None:
    text = "path,label,fold\nimg/0.png,a,0\nimg/1.png,b,1\n"
    dataset = load_dataset(table(pictures, text))
    assert np.all(dataset.splits == "")
    assert "'fold'" in dataset.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("path,label\n", ["no rows"]),
        (f"wo,label\n{ROWS}", ["image column", "wo, label", "--image-column"]),
        (f"path,thing\n{ROWS}", ["a label column", "path, thing", "--label-column"]),
        (f"path,path,label\n{ROWS}".replace(",c", ",x,c").replace(",d", ",x,d"), ["two columns"]),
        (f"path,label\n{ROWS}img/0.png,dog\n", ["line 6", "img/0.png", "other labels in line 2"]),
        (f"path,label\n{ROWS}img/9.png,dog\n", ["line 6", "1 of 5 rows", "img/9.png"]),
        ("path,label\nimg/0.png,\nimg/1.png,dog\n", ["line 2", "'label' is empty"]),
        ("path,label\n,cat\nimg/1.png,dog\n", ["line 2", "'path' is empty"]),
        ("path,label\nimg/0.png,cat,dog\nimg/1.png,dog\n", ["line 2", "3 fields"]),
        ("path,label\nimg/0.png\nimg/1.png,dog\n", ["line 2", "the line has 1 field, the first"]),
        ("path,label,split\nimg/0.png,a,train\nimg/1.png,b,hold\n", ["line 3", "'hold'"]),
        ("path,label,split\nimg/0.png,a,train\nimg/1.png,b,test\n", ["not in train: b"]),
        ("path,label\nimg/0.png,a\nimg/1.png,a\n", ["only one class, 'a'"]),
        (
            "path,label,target\nimg/0.png,a,a\nimg/1.png,b,a\n",
            ["line 3", "'label' and 'target' may both be the labels", "--label-column"],
        ),
    ],
)
def test_each_mistake_in_a_table_gives_one_clear_sentence(
    pictures: Path, text: str, words: list[str]
) -> None:
    path = table(pictures, text)
    with pytest.raises(DataError) as caught:
        load_dataset(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for word in words:
        assert word in message


def test_a_column_that_is_not_there_names_those_that_are(pictures: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'who'\. The columns are path, label"):
        load_dataset(table(pictures, f"path,label\n{ROWS}"), group_column="who")


@pytest.mark.parametrize("option", ["image_column", "label_column", "group_column", "split_column"])
def test_a_column_without_a_name_is_none(pictures: Path, option: str) -> None:
    with pytest.raises(DataError, match="no column ''"):
        load_dataset(table(pictures, f"path,label\n{ROWS}"), **{option: ""})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes no table and no columns"):
        load_dataset("digits", **{option: ""})  # type: ignore[arg-type]


def test_columns_of_labels_that_agree_or_tell_of_something_else_are_no_matter(
    pictures: Path,
) -> None:
    """The y of a point is called as labels often are, and so is the number of a class."""
    text = "path,label,target,class_name,y\n"
    text += "img/0.png,0,0,cat,1\nimg/1.png,1,,dog,6\nimg/2.png,0,0,cat,7\nimg/3.png,1,1,dog,8\n"
    assert load_dataset(table(pictures, text)).labels.tolist() == [0, 1, 0, 1]


def of_numbers(folder: Path, target: list[str]) -> Path:
    """A table of eight pictures of the classes 0 to 3, with a column `target` beside `label`."""
    write_tree(folder, {f"{at}.png": png(at) for at in range(8)})
    rows = [f"{at}.png,{at % 4},{said}" for at, said in enumerate(target)]
    return table(folder, "\n".join(["path,label,target", *rows, ""]))


def test_small_numbers_of_something_else_stop_nothing(tmp_path: Path) -> None:
    """The y of a point is among the numbers of classes most of the time."""
    dataset = load_dataset(of_numbers(tmp_path, "4 0 3 1 2 4 1 0".split()))
    assert dataset.labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert dataset.metadata["target"].tolist() == [4, 0, 3, 1, 2, 4, 1, 0]


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("0 1 2 3 0 1 2 0".split(), 9),  # a slip
        ("3 2 1 0 3 2 1 0".split(), 2),  # the same classes, counted from the other end
        ("0 1 2 2 0 1 2 2".split(), 5),  # one class given up
        (["0.0", "1.0", "2.0", "3.0", "0.0", "", "2.0", "0.0"], 9),  # as an empty cell has it
    ],
)
def test_numbers_that_are_those_of_the_labels_and_differ_are_told(
    tmp_path: Path, target: list[str], line: int
) -> None:
    with pytest.raises(DataError, match=f"line {line}: the columns 'label' and 'target' may both"):
        load_dataset(of_numbers(tmp_path, target))


def test_a_name_that_none_can_be_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file or folder"):
        load_dataset(tmp_path / "a\0b.csv")


def test_a_table_in_an_old_encoding_is_refused(pictures: Path) -> None:
    path = table(pictures, f"path,label\n{ROWS}img/0.png,Käfer\n", encoding="latin-1")
    with pytest.raises(DataError, match="not UTF-8"):
        load_dataset(path)


def test_old_macs_line_ends_are_read(pictures: Path) -> None:
    dataset = load_dataset(table(pictures, f"path,label\n{ROWS}".replace("\n", "\r")))
    assert dataset.classes == ("cat", "dog")


def test_a_first_line_longer_than_one_field_may_be_is_read(pictures: Path) -> None:
    more = [f"column{number}" for number in range(20_000)]
    lines = [f"path,label,{','.join(more)}"]
    lines += [f"{row}{',0' * len(more)}" for row in ROWS.split()]
    assert len(load_dataset(table(pictures, "\n".join(lines))).metadata) == 20_000


def test_groups_are_numbers_without_a_fraction_and_names_in_one_spelling(pictures: Path) -> None:
    text = "path,label,who,at\nimg/0.png,cat,1.0,Gru\u0308n\nimg/1.png,dog,12.50,Gr\u00fcn\n"
    text += "img/2.png,cat,1,1.0\nimg/3.png,dog,,007.0\n"
    path = table(pictures, text)
    who, at = (load_dataset(path, group_column=name).groups for name in ("who", "at"))
    assert who is not None
    assert at is not None
    assert who.tolist() == ["1", "12.50", "1", ""]
    assert at.tolist() == ["Gr\u00fcn", "Gr\u00fcn", "1", "007.0"]
