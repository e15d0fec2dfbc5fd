"""Cross-validation by one command: a training for each fold, and one report on all answers."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.errors import DataError, MissingError, Stopped, UsageError
from linnaeus.evaluation.label_metrics import LabelMetrics
from linnaeus.evaluation.metrics import Metrics
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


def alike(one: object, other: object) -> bool:
    """Whether both are the same, numbers but for what rounding to float32 does to them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other or one == pytest.approx(other, rel=1e-5, abs=1e-6)


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
    assert written["promises"]["risk_curve"][-1]["risk"]["value"] == pytest.approx(1 - right)
    assert "the report of each fold tells of its own" in written["promises"]["why_none"]
    assert "Each was judged by a classifier that learned from others of them" in page


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


def test_folds_judged_from_their_tables_keep_their_groups_and_what_is_known_besides(
    some_digits: Dataset, tmp_path: Path
) -> None:
    rows = np.arange(len(some_digits))
    told = replace(
        some_digits,
        groups=np.where(rows % 50 == 0, "", np.char.add("patient ", (rows // 4).astype(str))),
        metadata={
            "site": np.where(rows % 8 < 4, "north", "south"),
            "class": np.where(rows % 2, "0", "1"),  # which no table of answers may read as labels
            "p:7": (rows // 4) / 8.0,  # nor this as a probability
        },
    )
    out = tmp_path / "run"
    run = linnaeus.train(told, out=out, **TAUGHT)
    assert isinstance(run.metrics, Metrics)
    assert run.metrics.groups is not None
    tables = [out / f"folds/fold-{fold}/predictions.csv" for fold in range(2)]
    judged = linnaeus.evaluate(
        predictions=tables, group_column="group", slice_by="site", out=tmp_path / "judged"
    )
    assert alike(judged.metrics.to_json(), run.metrics.to_json())
    assert judged.slices.traits == ("site",)
    for file in (*tables, out / "predictions.csv", tmp_path / "judged/predictions.csv"):
        for row in rows_of(file):
            at = told.paths.index(row["image"])
            expected = str(told.metadata["site"][at]), str(told.metadata["class"][at])
            assert (row["site"], row["class_"]) == expected
            assert float(row["_p:7"]) == told.metadata["p:7"][at]
            assert row["group"] == told.groups[at]
    unnamed = linnaeus.evaluate(predictions=tables)
    assert isinstance(unnamed.metrics, Metrics)
    assert unnamed.metrics.groups is None
    assert any("--group-column group" in remark for remark in unnamed.remarks)


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


def test_finished_folds_of_other_labels_are_not_gone_on_with(
    broken: Path, some_digits: Dataset
) -> None:
    labels = some_digits.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    with pytest.raises(DataError, match="fold-0 learnt from others"):
        linnaeus.train(replace(some_digits, labels=labels), resume=broken)
    assert not (broken / "folds/fold-1").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_pictures_are_found_again_whatever_their_names(strange_names: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = linnaeus.train(
        strange_names, out=out, model="raw+naive-bayes", folds=2, near_duplicates="ignore"
    )
    assert run.metrics.images == 20


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


def test_pictures_of_several_labels_are_judged_as_each_fold_gives_them(
    pairs_table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    taught = TAUGHT | {"model": "small_cnn", "epochs": 8, "val": 0.4}
    run = linnaeus.train(pairs_table, out=out, label_separator="|", **taught)
    assert isinstance(run.metrics, LabelMetrics)
    answers = rows_of(out / "predictions.csv")
    own = [row for n in range(2) for row in rows_of(out / f"folds/fold-{n}/predictions.csv")]
    assert len(answers) == len(own) == 300
    given = {row["image"]: row["prediction"] for row in own}
    assert all(row["prediction"] == given[row["image"]] for row in answers)
    all_right = sum(row["prediction"] == row["label"] for row in own) / 300
    assert run.metrics.subset_accuracy.value == pytest.approx(all_right)
    assert run.crossed is not None
    each = [one.accuracy.value for one in run.crossed.folds]
    assert sum(each) / 2 == pytest.approx(all_right, abs=0.01)
    assert any("2 folds, which have all labels right" in told for told in run.in_plain_words)
    page = run.report.read_text("utf-8")
    assert "which each fold has chosen for itself" in page
    tables = [out / f"folds/fold-{n}/predictions.csv" for n in range(2)]
    judged = linnaeus.evaluate(predictions=tables, label_separator="|")
    assert alike(judged.metrics.to_json(), run.metrics.to_json())


def test_a_label_that_a_table_of_answers_would_part_is_told_before_the_work(
    pairs_table: Path, tmp_path: Path
) -> None:
    several = linnaeus.load_dataset(pairs_table, label_separator="|")
    named = replace(several, classes=("0|1", *several.classes[1:]))
    with pytest.raises(DataError, match=r"the label '0\|1' has"):
        linnaeus.train(named, out=tmp_path / "run", **TAUGHT)
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def small_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures of noise, 32 px, of two classes."""
    folder, random = tmp_path_factory.mktemp("small"), np.random.default_rng(0)
    for name in ("left", "right"):
        (folder / name).mkdir()
        for place in range(30):
            pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{place}.png")
    return folder


@pytest.mark.parametrize("beside", [{"folds": 2}, {"ensemble": "snapshots:2"}])
def test_members_are_of_one_network_however_fast_the_machine_is_when_each_begins(
    small_pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    beside: dict[str, Any],
) -> None:
    network_size = pytest.importorskip("linnaeus.training.network_size")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))
    speeds = iter([1.0, 1e18])  # multiply-adds a second: for the smallest, then for the largest
    monkeypatch.setattr(network_size, "_multiply_adds_a_second", lambda *_: next(speeds))
    out = tmp_path / "run"
    asked: dict[str, Any] = {"budget": 4, "augment": "auto", "precision": "float32"}
    linnaeus.train(small_pictures, out=out, **asked, **beside)
    made = [json.loads(file.read_text("utf-8")) for file in out.glob("*/*/recipe.json")]
    assert [recipe["model"] for recipe in made] == ["airbench-tiny", "airbench-tiny"]
    assert [recipe["network"]["resize_from"] for recipe in made] == [0.75, 0.75]
    assert made[0]["network"]["augment"]["augmix"] == made[1]["network"]["augment"]["augmix"]


def test_members_take_over_what_the_first_chose_or_say_what_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from linnaeus.models.weights import Backbone
    from linnaeus.training.choice import Choice
    from linnaeus.training.in_common import InCommon
    from linnaeus.training.recipe import Recipe
    from linnaeus.training.transfer_plan import TransferPlan

    assert InCommon.found(tmp_path / "none.json") is None
    pretrained = Choice(Backbone("net.tag", tmp_path, "net", 224, ""), "At hand.", by_time=True)
    chosen = Recipe(budget_s=9.0, image_size_px=(72, 96), transfer=TransferPlan(frozen=2))
    InCommon.of(pretrained, chosen).write(tmp_path / "common.json")
    found = InCommon.found(tmp_path / "common.json")
    assert found is not None
    choice, recipe = found.taken_over(pretrained, Recipe(seed=3, budget_s=9.0))
    assert choice.backbone == pretrained.backbone
    assert recipe == chosen.model_copy(update={"seed": 3})
    with pytest.raises(MissingError, match=r"begins with the weights of net\.tag"):
        found.taken_over(Choice(None, "None is at hand.", by_time=True), Recipe())
    scratch = Choice(None, "No weights.", "airbench-tiny", by_time=True, passes=3.0)
    taken, _ = InCommon.of(scratch, chosen).taken_over(pretrained, Recipe())
    assert (taken.backbone, taken.network, taken.passes) == (None, "airbench-tiny", 3.0)
