"""Tables as JSON lines and Parquet, metadata with their types, and pictures of several labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer
from trees import png, write_tree

import linnaeus
from linnaeus.data.dataset import Dataset
from linnaeus.data.metadata import as_column
from linnaeus.data.scan import scan
from linnaeus.data.sources import load_dataset
from linnaeus.errors import DataError, UsageError

ROWS: list[dict[str, Any]] = [
    {"path": "img/0.png", "label": "cat", "weight": 4.5, "legs": 4, "tame": True, "code": "007"},
    {"path": "img/1.png", "label": "dog", "weight": None, "legs": 4, "tame": True, "code": "12"},
    {"path": "img/2.png", "label": "cat", "weight": 3.0, "legs": 3, "tame": False, "code": None},
    {"path": "img/3.png", "label": "dog", "weight": 20.0, "legs": 4, "tame": True, "code": "9"},
]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_tree(tmp_path, {f"img/{number}.png": png(number) for number in range(4)})


def json_lines(folder: Path, rows: list[Any]) -> Path:
    path = folder / "table.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def parquet(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "table.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def csv(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "table.csv"
    lines = [",".join(rows[0])]
    lines += [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


KINDS = {"csv": csv, "jsonl": json_lines, "parquet": parquet}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_in_any_kind_of_table_are_the_same_data_set(
    pictures: Path, kind: str
) -> None:
    dataset = load_dataset(KINDS[kind](pictures, ROWS))
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 1, 0, 1]
    assert dataset.source.read("img/2.png") == png(2)
    assert list(dataset.metadata) == ["weight", "legs", "tame", "code"]
    assert np.array_equal(dataset.metadata["weight"], [4.5, np.nan, 3, 20], equal_nan=True)
    assert dataset.metadata["legs"].dtype == np.float64
    assert dataset.metadata["tame"].tolist() == ["True", "True", "False", "True"]
    assert dataset.metadata["code"].tolist() == ["007", "12", "", "9"]
    fingerprints = {load_dataset(make(pictures, ROWS)).fingerprint for make in KINDS.values()}
    assert fingerprints == {dataset.fingerprint}


def test_metadata_follow_their_pictures(pictures: Path) -> None:
    rows = [ROWS[3], ROWS[0], ROWS[2], ROWS[1]]
    dataset = load_dataset(json_lines(pictures, rows))
    assert dataset.paths[3] == "img/3.png"
    assert dataset.metadata["weight"][3] == 20
    part = dataset.subset([3, 0])
    assert part.metadata["weight"].tolist() == [20, 4.5]
    assert part.metadata["code"].tolist() == ["9", "007"]


def test_text_that_looks_like_numbers_stays_text_where_the_file_says_so(pictures: Path) -> None:
    rows = [{**row, "code": "1"} for row in ROWS]
    assert load_dataset(json_lines(pictures, rows)).metadata["code"].tolist() == ["1"] * 4
    assert load_dataset(csv(pictures, rows)).metadata["code"].tolist() == [1.0] * 4


def test_metadata_are_not_in_the_fingerprint(pictures: Path) -> None:
    bare = [{"path": row["path"], "label": row["label"]} for row in ROWS]
    whole = load_dataset(json_lines(pictures, ROWS)).fingerprint
    assert load_dataset(json_lines(pictures, bare)).fingerprint == whole


def test_columns_that_cannot_be_kept_are_told(pictures: Path) -> None:
    path = pictures / "table.csv"
    path.write_text(",path,label,x,x\n0,img/0.png,a,1,2\n1,img/1.png,b,3,4\n")
    dataset = load_dataset(path)
    assert dataset.metadata == {}
    assert len(dataset.notes) == 2
    assert "without a name" in dataset.notes[0]
    assert "'x'" in dataset.notes[1]


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_from_text_to_the_last_bit(values: list[float | None]) -> None:
    column = as_column(["" if v is None else repr(v) for v in values], typed=False)
    if all(value is None for value in values):
        assert column.tolist() == [""] * len(values)
    else:
        expected = np.array([np.nan if v is None else v for v in values])
        assert np.array_equal(column, expected, equal_nan=True)


@given(st.lists(st.text("01234567890.-+eE na", max_size=6), min_size=1))
def test_what_is_not_all_numbers_is_kept_as_it_stands(texts: list[str]) -> None:
    column = as_column(texts, typed=False)
    if column.dtype != np.float64:
        assert column.tolist() == [text.strip() for text in texts]


@pytest.mark.parametrize(
    ("cells", "typed"),
    [([2**53 + 1, 1], True), ([str(2**53 + 1), "1"], False), (["1e999"], False), ([1, "a"], True)],
)
def test_numbers_that_would_lose_digits_are_text(cells: list[Any], typed: bool) -> None:
    assert as_column(cells, typed=typed).tolist() == [str(cell) for cell in cells]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ('{"path": "img/0.png"\n', ["line 1", "no JSON"]),
        ("\n[1, 2]\n", ["line 2", "no object"]),
        ('{"path": "img/0.png", "label": {"is": "cat"}}\n', ["line 1", "'label'", "records"]),
        ('{"path": "img/0.png", "label": "a", "box": [[1]]}\n', ["line 1", "'box'", "lists"]),
        ('{"path": "img/0.png", "label": "a", "box": [1]}\n', ["line 1", "'box'", "lists"]),
        ('{"path": "img/0.png", "label": "a"}\n{"label": "b"}\n', ["line 2", "'path' is empty"]),
    ],
)
def test_each_mistake_in_json_lines_gives_one_clear_sentence(
    pictures: Path, text: str, words: list[str]
) -> None:
    path = pictures / "table.jsonl"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_dataset(path)
    assert str(caught.value).startswith(str(path))
    for word in words:
        assert word in str(caught.value)


def test_nested_and_damaged_parquet_is_refused(pictures: Path) -> None:
    path = parquet(pictures, [{**row, "box": {"x": 1}} for row in ROWS])
    with pytest.raises(DataError, match=r"row 1.*'box' holds lists or records"):
        load_dataset(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged or not whole"):
        load_dataset(path)


def test_class_names_of_hugging_face_replace_positions(pictures: Path) -> None:
    feature = {"names": ["ant", "bee", "cow"], "_type": "ClassLabel"}
    info = json.dumps({"info": {"features": {"label": feature}}})
    paths = [f"img/{number}.png" for number in range(3)]
    table = pa.table({"image": paths, "label": [2, 0, 2]})
    pq.write_table(table.replace_schema_metadata({"huggingface": info}), pictures / "t.parquet")
    dataset = load_dataset(pictures / "t.parquet")
    assert [dataset.labels_of(row) for row in range(3)] == [("cow",), ("ant",), ("cow",)]


SETS = [["sea", "sky"], [], ["sky"], ["sand", "sea", "sky"]]


def several(pictures: Path, how: str) -> Dataset:
    paths = [f"img/{number}.png" for number in range(4)]
    if how == "separator":
        labels = [" | ".join(labels) for labels in SETS]
        rows = [{"path": p, "label": x} for p, x in zip(paths, labels, strict=True)]
        return load_dataset(csv(pictures, rows), label_separator="|")
    if how == "lists":
        rows = [{"path": p, "label": x} for p, x in zip(paths, SETS, strict=True)]
        return load_dataset(json_lines(pictures, rows))
    names = ["sky", "sea", "sand"]
    rows = [
        {"path": p, **{name: int(name in labels) for name in names}}
        for p, labels in zip(paths, SETS, strict=True)
    ]
    return load_dataset(parquet(pictures, rows), label_column=names)


@pytest.mark.parametrize("how", ["separator", "lists", "columns of 0 and 1"])
def test_pictures_may_have_any_number_of_labels(pictures: Path, how: str) -> None:
    dataset = several(pictures, how)
    reference = MultiLabelBinarizer()
    expected = reference.fit_transform(SETS).astype(bool)
    assert dataset.classes == tuple(reference.classes_)
    assert np.array_equal(dataset.label_sets, expected)
    assert dataset.labels.tolist() == [-1] * 4
    assert dataset.counts() == {"": {"sand": 1, "sea": 2, "sky": 3}}
    assert dataset.subset([3]).labels_of(0) == ("sand", "sea", "sky")
    fingerprints = {
        several(pictures, other).fingerprint for other in ("separator", "lists", "columns")
    }
    assert fingerprints == {dataset.fingerprint}


def test_columns_with_one_1_a_row_are_one_label_each(pictures: Path) -> None:
    rows = [{"path": r["path"], "cat": r["label"] == "cat", "dog": 0} for r in ROWS]
    for row in rows:
        row["dog"] = not row["cat"]
    dataset = load_dataset(json_lines(pictures, rows), label_column=["cat", "dog"])
    assert dataset.label_sets is None
    assert dataset.labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_cell_among_indicators_is_refused(pictures: Path, kind: str) -> None:
    rows: list[dict[str, Any]] = [
        {"path": f"img/{number}.png", "cat": number % 2, "dog": 1 - number % 2}
        for number in range(4)
    ]
    rows[2]["dog"] = None
    path = KINDS[kind](pictures, rows)
    place = "row 3" if kind == "parquet" else "line 4" if kind == "csv" else "line 3"
    with pytest.raises(DataError, match=rf"{place}: the column 'dog' is empty.*Write 0 or 1"):
        load_dataset(path, label_column=["cat", "dog"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("one", [1, 1.0])
def test_a_number_is_the_same_group_however_it_is_written(
    pictures: Path, kind: str, one: float
) -> None:
    rows = [{**row, "who": who} for row, who in zip(ROWS, (one, 2, 3, 3), strict=True)]
    groups = load_dataset(KINDS[kind](pictures, rows), group_column="who").groups
    assert groups is not None
    assert groups.tolist() == ["1", "2", "3", "3"]


def test_columns_of_other_values_are_told_apart_by_their_names(pictures: Path) -> None:
    path = pictures / "table.csv"
    path.write_text("path,colour,shape\nimg/0.png,red,round\nimg/1.png,red,\nimg/2.png,blue,red\n")
    dataset = load_dataset(path, label_column=["colour", "shape"])
    assert dataset.classes == ("colour=blue", "colour=red", "shape=red", "shape=round")
    assert dataset.labels_of(1) == ("colour=red",)


@pytest.mark.parametrize("separator", ["|", ";", ","])
def test_a_likely_separator_that_was_not_named_is_told(pictures: Path, separator: str) -> None:
    path = pictures / "table.csv"
    labels = [f"sea{separator}sky", f"sky{separator}sand", "sand"]
    rows = [f'img/{place}.png,"{label}"' for place, label in enumerate(labels)]
    path.write_text("\n".join(["path,label", *rows, ""]))
    dataset = load_dataset(path)
    told = f"give --label-separator '{separator}'."
    assert told in dataset.notes[0]
    assert dataset.notes[0].startswith("In 2 rows the column 'label' has")
    for options in ({}, {"folds": 2}):
        with pytest.raises(DataError) as refused:
            linnaeus.split(dataset, out=pictures / "split.csv", **options)
        assert refused.value.mend.endswith(told)


def test_a_comma_in_the_name_of_a_class_is_no_separator(pictures: Path) -> None:
    path = pictures / "table.csv"
    path.write_text('path,label\nimg/0.png,"crane, bird"\nimg/1.png,"drake, duck"\n')
    assert load_dataset(path).notes == ()


def test_an_audit_takes_several_labels(pictures: Path) -> None:
    (pictures / "img/3.png").write_bytes(png(0))
    dataset = several(pictures, "separator")
    found = linnaeus.audit(dataset)
    assert found.class_totals() == {"sand": 1, "sea": 2, "sky": 3}
    contradiction = next(f for f in found.findings if f.kind == "contradicting-labels")
    assert contradiction.files == [["img/0.png", "img/3.png"]]
    assert scan(dataset).readable.all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label_separator": " "}, "--label-separator: nothing cannot part"),
        ({"label_separator": "|", "label_column": ["label", "path"]}, "several columns"),
    ],
)
def test_options_on_labels_that_cannot_be_meant_are_refused(
    pictures: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        load_dataset(csv(pictures, ROWS), **options)
