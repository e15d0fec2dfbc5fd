"""A bundle is judged on pictures of one class too; two classes are what training takes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from linnaeus import Dataset, evaluate, load_dataset, train
from linnaeus.errors import DataError
from linnaeus.training.run import Run

KINDS = ("folder", "split", "zip", "csv", "beside", "jsonl", "pattern")


@pytest.fixture(scope="module")
def sevens(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> dict[str, Path | str]:
    """The same pictures of one class, from all kinds of places."""
    place = tmp_path_factory.mktemp("one")
    folders = {kind: place / kind / name for kind, name in (("folder", "7"), ("split", "test/7"))}
    rows = np.flatnonzero(some_digits.labels == 7)
    contents = {f"{row}.png": some_digits.source.read(some_digits.paths[row]) for row in rows}
    for folder in (*folders.values(), place / "beside", place / "shards"):
        folder.mkdir(parents=True)
        for name, content in contents.items():
            if folder != place / "shards":
                (folder / name).write_bytes(content)
    with zipfile.ZipFile(place / "one.zip", "w") as archive:
        for name, content in contents.items():
            archive.writestr(f"7/{name}", content)
    table = "path,label\n" + "".join(f"folder/7/{name},7\n" for name in contents)
    (place / "one.csv").write_text(table, "utf-8")
    lines = "".join(f'{{"path": "folder/7/{name}", "label": "7"}}\n' for name in contents)
    (place / "one.jsonl").write_text(lines, "utf-8")
    beside = "path,label\n" + "".join(f"{name},7\n" for name in contents)
    (place / "beside" / "labels.csv").write_text(beside, "utf-8")
    _write_shard(place / "shards" / "part-000.tar", contents)
    return {
        **{kind: place / kind for kind in ("folder", "split", "beside")},
        "zip": place / "one.zip",
        "csv": place / "one.csv",
        "jsonl": place / "one.jsonl",
        "pattern": str(place / "shards" / "part-{000..000}.tar"),
    }


def _write_shard(path: Path, contents: dict[str, bytes]) -> None:
    import io
    import tarfile

    with tarfile.open(path, "w") as archive:
        for name, content in contents.items():
            for suffix, data in ((".png", content), (".cls", b"7")):
                member = tarfile.TarInfo(Path(name).stem + suffix)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_is_judged_on_one_class_alone_from_anywhere(
    kind: str, digits_run: Run, sevens: dict[str, Path | str]
) -> None:
    judged = evaluate(digits_run.bundle, sevens[kind])
    assert 0 < judged.metrics.images < 60
    assert {row.name for row in judged.metrics.per_class if row.images} == {"7"}
    assert "no judged picture shows 9 of the 10 classes" in " ".join(judged.in_plain_words).lower()


def test_what_takes_two_classes_is_absent(
    tmp_path: Path, digits_run: Run, sevens: dict[str, Path | str]
) -> None:
    judged = evaluate(digits_run.bundle, sevens["folder"], out=tmp_path / "judged")
    assert judged.report is not None
    text = (judged.report.parent / "metrics.json").read_text("utf-8")
    figures = json.loads(text)["test"]
    assert figures["accuracy"]["value"] > 0
    assert figures["one_against_rest"]["macro_auroc"] is None


def test_two_bundles_are_compared_on_one_class(
    digits_run: Run, sevens: dict[str, Path | str]
) -> None:
    judged = evaluate(digits_run.bundle, sevens["zip"], against=digits_run.folder)
    assert judged.compared.paired is not None


def test_training_still_takes_two(tmp_path: Path, sevens: dict[str, Path | str]) -> None:
    for data in (sevens["folder"], load_dataset(sevens["folder"], to_judge=True)):
        with pytest.raises(DataError, match="there is only one class, '7'"):
            train(data, out=tmp_path / "run", model="small_cnn", epochs=1)


def test_a_table_without_any_label_is_refused_all_the_same(
    tmp_path: Path, digits_run: Run, sevens: dict[str, Path | str]
) -> None:
    table = tmp_path / "none.csv"
    table.write_text(f"path,label\n{sevens['folder']}/7/x.png,\n", "utf-8")
    with pytest.raises(DataError):
        evaluate(digits_run.bundle, table)
