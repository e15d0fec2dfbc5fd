"""The column `group` of predictions.csv: what belongs together, judged again from the table."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.evaluation.metrics import Metrics

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

TAUGHT: dict[str, Any] = {"model": "mlp", "epochs": 2, "precision": "float32"}


def copied(dataset: Dataset, folder: Path, copies: Sequence[int]) -> Path:
    """Class folders of so many pictures of `dataset`, each so often under other names."""
    rows = np.linspace(0, len(dataset) - 1, len(copies)).astype(int).tolist()
    for at, (row, times) in enumerate(zip(rows, copies, strict=True)):
        (label,) = dataset.labels_of(row)
        (folder / label).mkdir(parents=True, exist_ok=True)
        for copy in range(times):
            name = f"{at}-{copy}.pgm"
            (folder / label / name).write_bytes(dataset.source.read(dataset.paths[row]))
    return folder


def unseen(some_digits: Dataset) -> Dataset:
    digits = linnaeus.load_dataset("digits")
    known = set(some_digits.paths)
    return digits.subset([row for row, path in enumerate(digits.paths) if path not in known])


def cells(file: Path, column: str = "group") -> dict[str, str]:
    """{picture: its cell}."""
    with file.open(encoding="utf-8", newline="") as opened:
        return {row["image"]: row[column] for row in csv.DictReader(opened)}


def told(metrics: object) -> tuple[Any, ...]:
    assert isinstance(metrics, Metrics)
    accuracy = metrics.accuracy
    found = (metrics.images, metrics.groups, accuracy.value, accuracy.low, accuracy.high)
    return tuple(None if one is None else round(one, 6) for one in found)


def judged_again(*tables: Path) -> object:
    return linnaeus.evaluate(predictions=list(tables), group_column="group").metrics


def test_a_run_on_copies_is_as_sure_of_its_table_as_of_itself(
    some_digits: Dataset, tmp_path: Path
) -> None:
    photos = copied(some_digits, tmp_path / "photos", [10] * 60)
    run = linnaeus.train(photos, out=tmp_path / "run", **TAUGHT)
    assert run.metrics.groups == run.metrics.images / 10
    assert told(judged_again(tmp_path / "run/predictions.csv")) == told(run.metrics)


@pytest.mark.parametrize("copies", [[3] * 100, [2, *[1] * 149]])
def test_folds_on_copies_are_as_sure_of_their_tables_as_of_themselves(
    some_digits: Dataset, tmp_path: Path, copies: list[int]
) -> None:
    photos = copied(some_digits, tmp_path / "photos", copies)
    run = linnaeus.train(photos, out=tmp_path / "run", folds=2, **TAUGHT)
    assert run.metrics.groups == len(copies)
    tables = [tmp_path / f"run/folds/fold-{fold}/predictions.csv" for fold in range(2)]
    assert told(judged_again(tmp_path / "run/predictions.csv")) == told(run.metrics)
    assert told(judged_again(*tables)) == told(run.metrics)
    for table in tables:
        remarks = linnaeus.evaluate(predictions=table).remarks
        assert any(cells(table).values()) == any("--group-column group" in one for one in remarks)
    of_a_fold = {name for table in tables for name in cells(table).items()}
    assert of_a_fold == set(cells(tmp_path / "run/predictions.csv").items())


def test_an_ensemble_and_a_smaller_bundle_tell_copies_too(
    some_digits: Dataset, tmp_path: Path
) -> None:
    photos = copied(some_digits, tmp_path / "photos", [3] * 150)
    run = linnaeus.train(photos, out=tmp_path / "run", model="small_cnn", epochs=1)
    other = linnaeus.train(photos, out=tmp_path / "other", **TAUGHT)
    made = linnaeus.ensemble([run.bundle, other.bundle], photos, out=tmp_path / "made")
    assert told(judged_again(tmp_path / "made/predictions.csv")) == told(made.metrics)
    linnaeus.compress(run.bundle, photos, out=tmp_path / "small", method="int8", max_drop=100)
    assert cells(tmp_path / "small/predictions.csv") == cells(tmp_path / "run/predictions.csv")


def test_copies_go_by_the_first_and_what_stands_alone_by_nothing(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    photos = copied(unseen(some_digits), tmp_path / "photos", [1, 3, 1, 2])
    linnaeus.evaluate(digits_run.bundle, photos, out=tmp_path / "out")
    found = cells(tmp_path / "out/predictions.csv")
    for image, group in found.items():
        row = Path(image).name[0]
        assert group == (image[: -len("0.pgm")] + "0.pgm" if row in "13" else "")
    alone = copied(unseen(some_digits), tmp_path / "alone", [1, 1, 1])
    linnaeus.evaluate(digits_run.bundle, alone, out=tmp_path / "without")
    assert "group" not in (tmp_path / "without/predictions.csv").read_text().splitlines()[0]


def test_groups_keep_their_names_wherever_copies_join_them(
    digits_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    photos = linnaeus.load_dataset(
        copied(unseen(some_digits), tmp_path / "photos", [2, 2, 2, 1, 1, 1])
    )
    given = {  # the names of copies and groups contradict each other on purpose
        "0-0": "",
        "0-1": "ann",  # a copy gives its name to the other
        "1-0": "bob",
        "1-1": "cid",  # and joins two
        "2-0": "",
        "2-1": "",
        "3-0": "cid",
        "4-0": "",
        "5-0": "eve",
    }
    names = [Path(path).stem for path in photos.paths]
    (of_two,) = (path for path in photos.paths if path.endswith("2-0.pgm"))
    groups = np.array([given[name] for name in names], dtype="<U40")
    groups[names.index("5-0")] = of_two  # which another group is called already
    asked = replace(photos, groups=groups)
    judged = linnaeus.evaluate(digits_run.bundle, asked, out=tmp_path / "out")
    found = {
        Path(image).stem: cell for image, cell in cells(tmp_path / "out/predictions.csv").items()
    }
    first = next(given[name] for name in names if name in ("1-0", "1-1", "3-0"))
    assert found == {
        "0-0": "ann",
        "0-1": "ann",
        "1-0": first,
        "1-1": first,
        "3-0": first,
        "2-0": f"{of_two}'",
        "2-1": f"{of_two}'",
        "4-0": "",
        "5-0": of_two,
    }
    assert judged.metrics.groups == 5
    again = linnaeus.evaluate(
        predictions=tmp_path / "out/predictions.csv", group_column="group", out=tmp_path / "again"
    )
    assert told(again.metrics) == told(judged.metrics)
    assert cells(tmp_path / "again/predictions.csv") == cells(tmp_path / "out/predictions.csv")


def test_copies_under_names_that_do_not_come_back_from_a_table(
    digits_run: Run, tmp_path: Path
) -> None:
    for at in range(12):
        for name in (f" of\\{at} ".encode(), b"\xe4%d" % at):
            folder = tmp_path / "photos" / str(at % 2)
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / (os.fsdecode(name) + ".png")
            Image.fromarray(np.full((8, 8), 20 * at, np.uint8)).save(file)
    judged = linnaeus.evaluate(digits_run.bundle, tmp_path / "photos", out=tmp_path / "out")
    assert judged.metrics.groups == 12
    assert told(judged_again(tmp_path / "out/predictions.csv")) == told(judged.metrics)


@pytest.mark.parametrize("times", [1, 2])
def test_a_column_of_the_data_is_never_taken_for_the_groups(
    digits_run: Run, some_digits: Dataset, tmp_path: Path, times: int
) -> None:
    photos = linnaeus.load_dataset(copied(unseen(some_digits), tmp_path / "photos", [times] * 20))
    sites = np.array([f"site {row % 3}" for row in range(len(photos))])
    known = replace(photos, metadata={"Group": sites})
    linnaeus.evaluate(digits_run.bundle, known, out=tmp_path / "out")
    table = tmp_path / "out/predictions.csv"
    assert list(cells(table, "Group_").values()) == sites.tolist()
    assert "Group" not in table.read_text().splitlines()[0].split(",")
