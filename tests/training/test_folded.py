"""Cross-validation by one command: a training for each fold, and one report on all answers."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import linnaeus
from linnaeus.errors import DataError, Stopped, UsageError
from linnaeus.progress import Quiet, Stage

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

TAUGHT: dict[str, Any] = {"model": "mlp", "epochs": 3, "precision": "float32", "folds": 2}


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """Two folds of digits. Leave its folder alone."""
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("crossed") / "run"
    return linnaeus.train(some_digits, out=out, **TAUGHT)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_each_picture_is_judged_once_by_a_training_that_did_not_learn_from_it(
    crossed: Run, some_digits: Dataset
) -> None:
    answers = rows_of(crossed.folder / "predictions.csv")
    assert sorted(row["image"] for row in answers) == sorted(some_digits.paths)
    sides = rows_of(crossed.folder / "split.csv")
    for fold in range(2):
        tested = {row["image"] for row in sides if row[f"repeat0_fold{fold}"] == "test"}
        own = rows_of(crossed.folder / f"folds/fold-{fold}/predictions.csv")
        assert {row["image"] for row in own} == tested
        told = {row["image"]: row["prediction"] for row in own}
        assert all(
            told[row["image"]] == row["prediction"] for row in answers if row["image"] in told
        )


def test_the_report_pools_the_folds_and_says_what_its_figures_stand_for(crossed: Run) -> None:
    answers = rows_of(crossed.folder / "predictions.csv")
    right = sum(row["prediction"] == row["label"] for row in answers) / len(answers)
    written = json.loads((crossed.folder / "report/metrics.json").read_text("utf-8"))
    assert written["test"]["accuracy"]["value"] == pytest.approx(right)
    assert [one["name"] for one in written["folds"]["each"]] == ["folds/fold-0", "folds/fold-1"]
    own = [one["accuracy"]["value"] for one in written["folds"]["each"]]
    assert written["folds"]["expected_accuracy"]["value"] == pytest.approx(sum(own) / 2)
    page = crossed.report.read_text("utf-8")
    assert "none of these is the one that you would use" in page
    assert any("Trained so anew" in sentence for sentence in crossed.in_plain_words)


def test_it_leaves_no_bundle_of_its_own_and_is_a_finished_run(
    crossed: Run, some_digits: Dataset
) -> None:
    assert not crossed.bundle.exists()
    with pytest.raises(UsageError, match="leaves no bundle"):
        crossed.classifier()
    (entry,) = linnaeus.list_runs(crossed.folder.parent)
    assert entry.state == "finished"
    with pytest.raises(UsageError, match="finished"):
        linnaeus.train(some_digits, resume=crossed.folder)


@pytest.fixture
def broken(crossed: Run, tmp_path: Path) -> Path:
    """The run as it was before its second fold was begun."""
    folder = tmp_path / "run"
    shutil.copytree(crossed.folder, folder)
    for name in ("report", "folds/fold-1"):
        shutil.rmtree(folder / name)
    begun = folder / "begun.json"  # as it is where the run was made
    begun.write_text(begun.read_text("utf-8").replace(str(crossed.folder), str(folder)), "utf-8")
    return folder


@pytest.mark.slow
def test_an_interrupted_one_goes_on_with_the_fold_that_is_missing(
    crossed: Run, broken: Path, some_digits: Dataset
) -> None:
    assert (broken / "folds/split.csv").exists()
    kept = (broken / "folds/fold-0/bundle/model.onnx").stat().st_mtime_ns
    resumed = linnaeus.train(some_digits, resume=broken)
    assert (broken / "folds/fold-0/bundle/model.onnx").stat().st_mtime_ns == kept
    for file in ("predictions.csv", "split.csv"):
        assert (broken / file).read_bytes() == (crossed.folder / file).read_bytes()
    assert resumed.metrics.to_json() == crossed.metrics.to_json()


@pytest.mark.slow
def test_stopped_before_a_later_fold_has_learnt_it_says_how_to_go_on(
    broken: Path, some_digits: Dataset
) -> None:
    told: list[str] = []

    class Interrupting(Quiet):
        """Presses Ctrl-C as soon as the fold begins to learn."""

        def say(self, sentence: str) -> None:
            told.append(sentence)

        @contextmanager
        def stage(self, name: str, total: float | None = None) -> Iterator[Stage]:
            if name == "Learning":
                signal.raise_signal(signal.SIGINT)
            yield self

    with pytest.raises(Stopped):
        linnaeus.train(some_digits, resume=broken, progress=Interrupting())
    assert (broken / "folds/fold-0/bundle").exists()
    assert told[-1] == f"Go on with this run by `linnaeus train --resume {broken}`."


@pytest.mark.parametrize(
    ("beside", "option"),
    [
        ({"test": 0.3}, "--test"),
        ({"ensemble": "folds:3"}, "--ensemble"),
        ({"time_column": "taken"}, "--time-column"),
        ({"split": "split.csv"}, "--split"),
    ],
)
def test_what_says_otherwise_which_pictures_are_the_test_is_refused(
    some_digits: Dataset, tmp_path: Path, beside: dict[str, Any], option: str
) -> None:
    with pytest.raises(UsageError) as told:
        linnaeus.train(some_digits, out=tmp_path / "run", **TAUGHT, **beside)
    assert told.value.where == option
    assert not (tmp_path / "run").exists()


def test_pictures_of_several_labels_are_refused(pairs_table: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="probabilities of its own"):
        linnaeus.train(pairs_table, out=tmp_path / "run", label_separator="|", folds=3)
    assert not (tmp_path / "run").exists()
