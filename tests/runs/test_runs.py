"""Runs in a folder: their states, their figures, how they differ, and their removal."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import linnaeus
from linnaeus.errors import UsageError
from linnaeus.runs.paired import paired_differences
from linnaeus.runs.state import RunState, state_of

ANSWERS = ["right"] * 6 + ["wrong"] * 4
TRAINING: dict[str, object] = {"seconds": 1.0, "device": "cpu", "stages": []}


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.04}


def a_pass(number: int, accuracy: float | None) -> dict[str, object]:
    return {
        "event": "pass",
        "stage": "whole",
        "pass": float(number),
        "step": 10 * number,
        "train_loss": 1 / number,
        "train_accuracy": None,
        "validation_loss": 1.5 / number,
        "validation_accuracy": accuracy,
        "machine": {"pictures_a_second": 100.0},
    }


def write_answers(folder: Path, answers: list[str]) -> None:
    with (folder / "predictions.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "label", "prediction", "confidence", "error", "notes"])
        for number, answer in enumerate(answers):
            table.writerow([f"{number}.png", "right", answer, "0.9", "", ""])


def finished_run(
    folder: Path,
    accuracy: float = 0.6,
    *,
    answers: list[str] = ANSWERS,
    created: str = "2026-01-02T03:04:05+00:00",
    training: dict[str, object] | None = TRAINING,
    **recipe: object,
) -> Path:
    """What a training leaves, as far as a list of runs reads it."""
    (folder / "bundle").mkdir(parents=True)
    (folder / "report").mkdir()
    (folder / "bundle" / "manifest.json").write_text('{"files": {}}')
    (folder / "recipe.json").write_text(json.dumps({"seed": 0, "model": "small_cnn", **recipe}))
    metrics = {
        "created": created,
        "data": {"name": "photos", "images": 100, "classes": ["oak", "elm"]},
        "model": {"name": "small_cnn"},
        "training": training,
        "test": {"images": 10, "accuracy": figure(accuracy), "log_loss": figure(0.7)},
    }
    (folder / "report" / "metrics.json").write_text(json.dumps(metrics))
    write_answers(folder, answers)
    return folder


def begun_run(folder: Path, *lines: dict[str, object]) -> Path:
    """What stands there while it is learnt."""
    folder.mkdir(parents=True)
    asked = {
        "begun": "2026-01-03T00:00:00+00:00",
        "data": "/pictures/photos",
        "recipe": {"seed": 7},
    }
    (folder / "begun.json").write_text(json.dumps(asked))
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "log.jsonl").write_text(text + '{"event": "pa')
    return folder


def in_use(folder: Path) -> subprocess.Popen[bytes]:
    """A process that holds the lock of the run in `folder`, as a training does."""
    code = f"""
import sys
from pathlib import Path
from linnaeus.file_lock import locked
file = Path({str(folder / "lock")!r}).open("ab")
assert locked(file)
print("held", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"held"
    return process


def test_a_list_tells_state_figures_size_and_time_the_newest_first(tmp_path: Path) -> None:
    finished_run(tmp_path / "old")
    begun_run(tmp_path / "new", a_pass(1, 0.5), a_pass(2, 0.7))
    (tmp_path / "lr-find").mkdir()
    (tmp_path / "notes.txt").write_text("no run")
    new, old = linnaeus.list_runs(tmp_path)
    assert (old.name, old.state, old.data, old.model) == ("old", "finished", "photos", "small_cnn")
    assert old.headline is not None
    assert old.headline[0] == "accuracy"
    assert (old.headline[1].low, old.headline[1].value) == (pytest.approx(0.55), 0.6)
    assert old.size_bytes == sum(f.stat().st_size for f in old.folder.rglob("*") if f.is_file())
    assert (new.name, new.state, new.data, new.figures) == ("new", "stopped", "photos", {})
    assert new.newest is not None
    assert new.newest["pass"] == 2
    json.dumps([entry.to_json() for entry in (new, old)], allow_nan=False)


def test_a_run_that_is_removed_while_it_is_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_run(tmp_path / "kept")
    gone = begun_run(tmp_path / "gone")
    (gone / "begun.json").unlink()  # so that the folder itself must say since when

    def removed_meanwhile(folder: Path) -> tuple[RunState, str]:
        if folder == gone:
            shutil.rmtree(gone)
        return state_of(folder)

    monkeypatch.setattr("linnaeus.runs.entry.state_of", removed_meanwhile)
    assert [one.name for one in linnaeus.list_runs(tmp_path)] == ["kept"]


def test_a_run_is_running_as_long_as_its_process_lives(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "run")
    process = in_use(folder)
    assert state_of(folder)[0] == "running"
    with pytest.raises(UsageError, match="is being written"):
        linnaeus.remove_run(folder)
    process.kill()
    process.wait()
    assert state_of(folder)[0] == "stopped"
    linnaeus.remove_run(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["report/metrics.json", "recipe.json", "bundle/manifest.json"])
def test_a_run_of_which_something_is_gone_or_half_is_broken_and_says_what(
    tmp_path: Path, name: str
) -> None:
    folder = finished_run(tmp_path / "run")
    content = (folder / name).read_text()
    (folder / name).write_text(content[: len(content) // 2])
    assert state_of(folder) == ("broken", f"{name} cannot be read")
    (folder / name).unlink()
    assert state_of(folder) == ("broken", f"{name} is missing")
    (entry,) = linnaeus.list_runs(tmp_path)
    assert entry.state == "broken"


def test_an_ensemble_which_has_no_recipe_is_finished_all_the_same(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "ensemble", training=None)
    (folder / "recipe.json").unlink()
    (entry,) = linnaeus.list_runs(tmp_path)
    assert (entry.state, entry.figures["accuracy"].value) == ("finished", 0.6)


def test_a_run_is_found_by_path_and_by_name_and_a_near_name_is_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_run(tmp_path / "runs" / "photos-1")
    monkeypatch.chdir(tmp_path)
    assert linnaeus.show_run("photos-1").state == "finished"
    assert linnaeus.show_run("runs/photos-1").state == "finished"
    with pytest.raises(UsageError, match='Did you mean "photos-1"'):
        linnaeus.show_run("photo-1")


def test_what_no_training_made_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="no training has made this"):
        linnaeus.remove_run(tmp_path / "precious")
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_what_an_interrupted_removal_left_goes_with_the_next(tmp_path: Path) -> None:
    (tmp_path / ".removed-x" / "run" / "bundle").mkdir(parents=True)
    finished_run(tmp_path / "run")
    assert [entry.name for entry in linnaeus.list_runs(tmp_path)] == ["run"]
    linnaeus.remove_run(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_runs_on_the_same_pictures_are_compared_picture_by_picture(tmp_path: Path) -> None:
    """By McNemar's exact test: of 12 pictures only one run had right, it is the second in 11."""
    one = finished_run(tmp_path / "a", answers=["right"] * 50 + ["wrong"] * 11 + ["right"])
    other = finished_run(tmp_path / "b", answers=["right"] * 50 + ["right"] * 11 + ["wrong"])
    compared = linnaeus.compare_runs(one, other)
    (pair,) = compared.differences
    assert (pair.images, pair.only_first, pair.only_second) == (62, 1, 11)
    assert pair.difference.value == pytest.approx(10 / 62)
    # Agresti and Min (2005), equation 1, by hand: 1.5, 11.5 and 64 in place of 1, 11 and 62.
    assert pair.difference.low == pytest.approx(0.0527, abs=1e-4)
    assert pair.difference.high == pytest.approx(0.2598, abs=1e-4)
    assert pair.p_value == pytest.approx(2 * 13 / 4096)  # both tails of a binomial of 12
    assert pair.is_real


def test_what_differs_in_the_recipes_is_told_and_how_they_went_is_not(tmp_path: Path) -> None:
    one = finished_run(tmp_path / "a", network={"epochs": 2, "paces": [1]})
    other = finished_run(tmp_path / "b", network={"epochs": 9, "paces": [2]}, model="cnn")
    compared = linnaeus.compare_runs(one, other)
    assert compared.recipes == {"network.epochs": (2, 9), "model": ("small_cnn", "cnn")}
    assert [row.value for row in compared.figures["accuracy"] if row] == [0.6, 0.6]
    assert [remark.split(" here")[0] for remark in compared.remarks] == [
        "Each picture counts for itself"
    ]
    json.dumps(compared.to_json(), allow_nan=False)


def test_a_run_without_a_recipe_differs_in_nothing_of_it(tmp_path: Path) -> None:
    one = finished_run(tmp_path / "a", network={"epochs": 2})
    other = finished_run(tmp_path / "b", network={"epochs": 9})
    ensemble = finished_run(tmp_path / "ensemble", training=None)
    (ensemble / "recipe.json").unlink()
    compared = linnaeus.compare_runs(one, ensemble, other)
    assert compared.recipes == {"network.epochs": (2, None, 9)}
    assert linnaeus.compare_runs(ensemble, one).recipes == {}


def test_runs_on_other_pictures_are_not_compared_picture_by_picture(tmp_path: Path) -> None:
    one = finished_run(tmp_path / "a")
    other = finished_run(tmp_path / "b", answers=ANSWERS[:-1])
    found, why = paired_differences([one, other])
    assert found == []
    assert why == "they were not judged on the same pictures"


def test_an_unfinished_run_has_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this run is stopped, and has no figures"):
        linnaeus.compare_runs(finished_run(tmp_path / "a"), begun_run(tmp_path / "b"))
    with pytest.raises(UsageError, match="nothing to compare"):
        linnaeus.compare_runs(tmp_path / "a")
