"""`linnaeus predict` with label sets and silence, as a user has it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import linnaeus

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run


@pytest.fixture
def pictures(tmp_path: Path, some_digits: Dataset) -> Path:
    """Four digits as files, and one file that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row in range(4):
        name = some_digits.paths[row]
        (folder / f"{row}.png").write_bytes(some_digits.source.read(name))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_sets_and_withheld_answers_stand_in_the_lines(digits_run: Run, pictures: Path) -> None:
    done = linnaeus("predict", digits_run.bundle, pictures, "--sets", 0.9, "--max-error", 0.001)
    assert done.code == 7  # one picture could not be read
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [len(row) for row in rows] == [5] * 5
    read = [row for row in rows if row[1]]
    assert len(read) == 4
    assert all(label in (*members.split(" | "),) or members == "none"
               for _, label, _, members, _ in read)  # fmt: skip
    assert {row[4] for row in read} == {"withheld"}  # one in a thousand cannot be promised here
    assert "No answer is given" in done.err


def test_they_stand_in_the_table(digits_run: Run, pictures: Path, tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    linnaeus("predict", digits_run.bundle, pictures, "--sets", 0.9, "--out", table)
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == 5
    assert "withheld" not in rows[0]
    for row in rows:
        likely = [name for name in row["set"].split("|") if name]
        assert bool(row["error"]) <= (likely == [])
        assert all(float(row[f"p:{name}"]) > 0 for name in likely)


def test_a_single_answer_is_withheld(digits_run: Run, pictures: Path, tmp_path: Path) -> None:
    asked = ["--max-error", 0.001, "--out", tmp_path / "answers.csv"]
    done = linnaeus("predict", digits_run.bundle, pictures / "0.png", *asked)
    assert "1 of these answers is withheld." in done.out


def test_a_way_to_make_sets_that_are_not_asked_for_is_refused(tmp_path: Path) -> None:
    done = linnaeus("predict", tmp_path / "bundle", tmp_path / "a.png", "--sets-method", "lac")
    assert done.code == 2
    assert done.sentence.startswith("--sets-method: there are no label sets")


@pytest.mark.parametrize(
    ("option", "value"), [("--sets", "90"), ("--sets", "0"), ("--max-error", "1")]
)
def test_what_is_no_share_is_refused_at_once(
    digits_run: Run, tmp_path: Path, option: str, value: str
) -> None:
    done = linnaeus("predict", digits_run.bundle, tmp_path / "nowhere.png", option, value)
    assert done.code == 2
    assert done.sentence.startswith(f"{option}: {value} is no share")
