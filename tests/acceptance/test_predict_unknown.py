"""`linnaeus predict` and `evaluate` with pictures of something else, as a user has it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from command_line import linnaeus

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run


@pytest.fixture
def pictures(tmp_path: Path, some_digits: Dataset) -> Path:
    """Two digits, two pictures of noise, and one file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for row in range(2):
        name = some_digits.paths[row]
        (folder / f"digit{row}.png").write_bytes(some_digits.source.read(name))
        noise = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"noise{row}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_unknown_pictures_are_called_so_in_lines_and_tables(
    digits_run: Run, pictures: Path, tmp_path: Path
) -> None:
    done = linnaeus("predict", digits_run.bundle, pictures, "--sets", 0.9)
    rows = {
        Path(row[0]).name: row[1:] for line in done.out.splitlines() if (row := line.split("\t"))
    }
    assert rows["noise0.png"] == rows["noise1.png"] == ["unknown", "", ""]
    assert rows["broken.png"] == ["", "", ""]
    assert {rows[f"digit{row}.png"][0] for row in range(2)} & set("0123456789")

    table = tmp_path / "answers.csv"
    done = linnaeus("predict", digits_run.bundle, pictures, "--max-error", 0.5, "--out", table)
    assert "unknown" in done.out
    told = {Path(row["image"]).name: row for row in csv.DictReader(table.open(encoding="utf-8"))}
    strange = told["noise0.png"]
    assert (strange["prediction"], strange["confidence"], strange["withheld"]) == (
        "unknown",
        "",
        "",
    )
    assert 0 < float(strange["familiarity"]) <= 0.05
    assert told["broken.png"]["familiarity"] == ""


def test_nothing_is_called_so_where_that_is_asked_for(digits_run: Run, pictures: Path) -> None:
    done = linnaeus("predict", digits_run.bundle, pictures, "--unknown-rate", 0)
    assert "unknown" not in done.out
    refused = linnaeus("predict", digits_run.bundle, pictures, "--unknown-rate", 5)
    assert refused.code == 2
    assert refused.sentence.startswith("--unknown-rate: 5 is no share")


def test_evaluate_tells_how_many_are_called_so(
    digits_run: Run, photo_set: Path, some_digits: Dataset, tmp_path: Path
) -> None:
    folder = tmp_path / "digits"
    for row in range(400, 460):  # all of them, whatever was learnt
        label = some_digits.classes[some_digits.labels[row]]
        (folder / label).mkdir(parents=True, exist_ok=True)
        content = some_digits.source.read(some_digits.paths[row])
        (folder / label / f"{row}.png").write_bytes(content)
    done = linnaeus("evaluate", digits_run.bundle, folder, "--unknown", photo_set)
    assert done.code == 0, done.err
    told = {line.strip().rsplit("  ", 2)[0].split("  ")[0]: line for line in done.out.splitlines()}
    assert "known pictures" in told
    assert "made outliers" in told
    figure = r"([\d.]+)  \(([\d.]+) to ([\d.]+)\)"
    area, low, high = map(float, re.findall(figure, told["your unknown ones"])[1])
    assert low <= area <= high
    assert area > 0.95  # photographs are no digits
    between = r"\(between [\d.]+ and [\d.]+\)"
    held = rf"  Label sets to hold the truth 90 times in 100 held it .*{between}\."
    assert re.search(held, done.out)
    answers = rf"To be wrong at most 2 times in 100, it answers .* in 100 pictures {between}"
    assert re.search(rf"  ({answers}|That at most 2 in 100 .* cannot be promised)", done.out)


def test_pictures_that_may_be_changed_are_told_and_what_cannot_be_meant_refused(
    digits_run: Run, pictures: Path
) -> None:
    asked = ("predict", digits_run.bundle, pictures, "--squeeze", "median")
    done = linnaeus(*asked, "--changed-above", 0)
    rows = {Path(line.split("\t")[0]).name: line.split("\t") for line in done.out.splitlines()}
    assert rows["digit0.png"][4] == "changed"
    assert rows["digit0.png"][3].startswith("moved ")
    assert rows["broken.png"][3:] == ["", ""]
    assert "Every picture is squeezed first (the median of 2 × 2 pixels)" in done.err
    for refused, told in (
        (("--changed-above", -0.1), "-0.1 is no distance"),
        (("--changed-above", 2.5), "2.5 is no distance"),
        (("--changed-above", "nan"), "nan is no distance"),
        (("--changed-above", "far"), "invalid value for '--changed-above'"),
        (("--sets", 0.9), "not squeezed first"),
    ):
        done = linnaeus(*asked, *refused)
        assert done.code == 2
        assert told in done.sentence
