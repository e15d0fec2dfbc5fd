"""An empty cell among groups is a group of its own, however figures are taken."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import linnaeus
from linnaeus.data.dataset import Dataset
from linnaeus.data.own_groups import own_groups


def test_pictures_in_no_group_are_each_their_own(some_digits: Dataset) -> None:
    few = some_digits.subset(range(5))
    assert few.groups_at(np.arange(5)) is None
    groups = np.array(["ann", "", few.paths[3], "", "ann"])
    found = replace(few, groups=groups).groups_at(np.array([4, 3, 2, 1, 0]))
    assert found is not None
    assert len(set(found.tolist())) == 4
    assert found[[0, 2, 4]].tolist() == ["ann", few.paths[3], "ann"]
    assert found[3] == few.paths[1]  # folds are drawn by it


def test_a_long_name_is_not_cut() -> None:
    assert own_groups(["a", ""], ["x", "folder/long.png"]).tolist() == ["a", "folder/long.png"]


def test_a_run_with_empty_cells_is_judged_as_it_was_split(
    some_digits: Dataset, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    names = [f"patient {row // 10}" if row < 100 else "" for row in range(599)]
    grouped = replace(some_digits, groups=np.array(names))
    run = linnaeus.train(grouped, out=tmp_path / "run", model="raw+naive-bayes")
    with (run.folder / "split.csv").open(encoding="utf-8", newline="") as file:
        sides = {row["image"]: row["split"] for row in csv.DictReader(file)}

    def groups_of(side: str) -> int:
        own = [name or path for name, path in zip(names, grouped.paths, strict=True)]
        return len({own[row] for row, path in enumerate(grouped.paths) if sides[path] == side})

    assert run.metrics.groups == groups_of("test") > 20
    held_out = run.classifier().held_out
    assert held_out.groups is not None
    assert len(np.unique(held_out.groups)) == groups_of("validation")
    again = linnaeus.evaluate(run.folder, grouped)
    assert again.metrics.groups == run.metrics.groups
