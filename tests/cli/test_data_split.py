"""`linnaeus data split`, as a user calls it."""

from __future__ import annotations

import csv
from pathlib import Path

from command_line import linnaeus


def test_folds_are_saved_and_counted(photo_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "folds.csv"
    done = linnaeus("data", "split", photo_folder, "--out", out, "--folds", 3, "--repeats", 2)
    assert done.code == 0, done.err
    assert done.out.count("Repeat 1, fold ") == 3
    assert f"Written: {out}" in done.out
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for repeat in (0, 1):
        columns = [f"repeat{repeat}_fold{fold}" for fold in range(3)]
        assert all([row[name] for name in columns].count("test") == 1 for row in rows)


def test_what_cannot_be_meant_is_one_sentence(photo_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "split.csv"
    for options, code, told in (
        (("--folds", 13), 3, "13 folds need 13 pictures of every class"),
        (("--inner", 3), 2, "--inner: it is not said into how many folds"),
        (("--test-domain", "A"), 2, "--test-domain: the domain 'A' of which column"),
        (("--time-column", "when"), 2, "--time-column: photos has no column 'when'"),
        (("--test", 1), 2, "--test: 1 is no share"),
    ):
        done = linnaeus("data", "split", photo_folder, "--out", out, *options)
        assert done.code == code, done.err
        assert told in done.err.splitlines()[-1]
        assert "Traceback" not in done.err
        assert not out.exists()


def test_a_split_file_that_does_not_fit_stops_training_with_one_sentence(
    photo_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "split.csv"
    assert linnaeus("data", "split", photo_folder, "--out", out).code == 0
    lost = next((photo_folder / "glass").iterdir())
    lost.unlink()
    done = linnaeus("train", photo_folder, "--split", out, "--out", tmp_path / "run")
    assert done.code == 3, done.err
    assert f"1 picture of this split is not in photos: glass/{lost.name}" in done.err
    assert not (tmp_path / "run").exists()
