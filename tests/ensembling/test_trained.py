"""Training that makes its own members: folds of the pictures, and snapshots of one network."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import linnaeus
from linnaeus.errors import DataError, UsageError

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

TAUGHT: dict[str, Any] = {"model": "mlp", "epochs": 4, "precision": "float32"}


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """Three members on folds. Leave its folder alone."""
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("folds") / "run"
    return linnaeus.train(some_digits, out=out, ensemble="folds:3", **TAUGHT)


@pytest.fixture(scope="module")
def snapped(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """Two snapshots of one network. Leave its folder alone."""
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("snapshots") / "run"
    return linnaeus.train(some_digits, out=out, ensemble="snapshots:2", **TAUGHT)


def sides(file: Path) -> dict[str, dict[str, str]]:
    """{column: {picture: side}} of a split file."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    columns = [name for name in rows[0] if name not in ("image", "label", "reason", "sha256")]
    return {name: {row["image"]: row[name] for row in rows} for name in columns}


def record_of(run: Run) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((run.bundle / "bundle.json").read_text("utf-8"))
    return record


# Folds


def test_each_picture_beside_the_test_is_held_out_by_one_member_and_teaches_the_others(
    folded: Run,
) -> None:
    whole = sides(folded.folder / "split.csv")["split"]
    folds = sides(folded.folder / "members/split.csv")
    assert len(folds) == 3
    for name, side in whole.items():
        stands = [fold[name] for fold in folds.values()]
        if side == "test":
            assert stands == ["test"] * 3
        else:
            assert sorted(stands) == ["train", "train", "validation"]


def test_members_are_whole_runs_and_weigh_alike(folded: Run) -> None:
    members = record_of(folded)["combination"]["members"]
    assert [one["weight"] for one in members] == pytest.approx([1 / 3] * 3)
    for fold in range(3):
        run = folded.folder / "members" / f"fold-{fold}"
        assert (run / "report/index.html").exists()
        assert linnaeus.load(run).classes == folded.classifier().classes


def test_all_of_these_pictures_calibrate_by_the_answer_of_the_member_that_held_them_out(
    folded: Run, some_digits: Dataset
) -> None:
    kept = load_file(folded.bundle / "held_out.safetensors")
    folds = sides(folded.folder / "members/split.csv")
    right = 0
    for fold, side in enumerate(folds.values()):
        classifier = linnaeus.load(folded.folder / f"members/fold-{fold}")
        names = [name for name in some_digits.paths if side[name] == "validation"]
        files = [some_digits.source.read(name) for name in names]
        answers = classifier.predict(files, unknown_rate=0)  # the class that is likeliest
        right += sum(a.label == name.split("/")[0] for a, name in zip(answers, names, strict=True))
    assert len(kept["labels"]) == len(some_digits) - folded.metrics.images
    # Calibration may change an answer, where two classes are all but equally likely.
    assert kept["right"].sum() == pytest.approx(right, abs=2)


def test_the_run_tells_of_the_gain_and_can_be_repeated(folded: Run) -> None:
    assert folded.gain is not None
    assert folded.gain.method == "folds"
    assert folded.in_plain_words[-len(folded.gain.in_plain_words) :] == folded.gain.in_plain_words
    recipe = json.loads((folded.folder / "recipe.json").read_text("utf-8"))
    assert recipe["ensemble"] == "folds:3"
    assert folded.metrics.images == 120


def test_folds_can_be_combined_by_hand_but_not_stacked(
    folded: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    members = [folded.folder / f"members/fold-{fold}" for fold in (2, 0, 1)]
    again = linnaeus.ensemble(members, some_digits, out=tmp_path / "again")
    one, other = record_of(folded), json.loads((again.bundle / "bundle.json").read_text("utf-8"))
    assert {**one, "created": ""} == {**other, "created": ""}
    with pytest.raises(UsageError, match="no pictures that all of them held out"):
        linnaeus.ensemble(members, some_digits, out=tmp_path / "stacked", method="stack")


@pytest.mark.slow
def test_an_interrupted_training_goes_on_with_the_member_that_is_missing(
    folded: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    """As if the process had been killed before the last member."""
    run = Path(shutil.copytree(folded.folder, tmp_path / "run"))
    shutil.rmtree(run / "members/fold-2")
    for name in ("bundle", "report"):
        shutil.rmtree(run / name)
    before = (run / "members/fold-0/bundle/manifest.json").read_bytes()
    again = linnaeus.train(some_digits, resume=run)
    assert (run / "members/fold-0/bundle/manifest.json").read_bytes() == before
    taught, first = (
        load_file(one / "members/fold-2/bundle/weights.safetensors") for one in (run, folded.folder)
    )
    assert all(np.array_equal(taught[name], first[name]) for name in first)
    assert again.metrics.to_json() == folded.metrics.to_json()


def test_more_folds_than_pictures_of_a_class_are_refused_and_leave_nothing(
    some_digits: Dataset, tmp_path: Path
) -> None:
    of_each = [np.flatnonzero(some_digits.labels == digit)[:10] for digit in range(10)]
    few = some_digits.subset(np.concatenate(of_each))
    with pytest.raises(DataError, match="folds need 15 pictures of every class beside the test"):
        linnaeus.train(few, out=tmp_path / "none", ensemble="folds:15", **TAUGHT)
    assert not (tmp_path / "none").exists()


def test_a_picture_that_the_split_left_out_for_its_group_judges_nothing(
    some_digits: Dataset, tmp_path: Path
) -> None:
    """A published validation shares forty patients with train, which are left out there."""
    of_each = np.concatenate([np.flatnonzero(some_digits.labels == d)[:20] for d in range(10)])
    few = some_digits.subset(of_each)
    place = np.arange(200)
    splits = np.where(place % 20 < 16, "train", "validation")
    groups = np.array([f"patient {at // 20} {at % 20 % 16}" for at in place.tolist()])
    shared = replace(few, splits=splits, groups=groups)
    out = tmp_path / "run"
    run = linnaeus.train(shared, out=out, model="raw+naive-bayes", ensemble="folds:2")
    whole = sides(out / "split.csv")["split"]
    assert list(whole.values()).count("left out") >= 40
    test = {name for name, side in whole.items() if side == "test"}
    assert judged_by(run.folder) == test
    members = [out / f"members/fold-{fold}" for fold in range(2)]
    again = linnaeus.ensemble(members, shared, out=tmp_path / "again")
    assert judged_by(again.folder) == test


def judged_by(run: Path) -> set[str]:
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return {row["image"] for row in csv.DictReader(file)}


def test_finished_members_of_other_labels_are_not_gone_on_with(
    folded: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(folded.folder, tmp_path / "run"))
    for name in ("bundle", "report", "members/fold-2"):
        shutil.rmtree(run / name)
    labels = some_digits.labels.copy()
    labels[0] = (labels[0] + 1) % 10
    with pytest.raises(DataError, match="fold-0 learnt from others"):
        linnaeus.train(replace(some_digits, labels=labels), resume=run)
    assert not (run / "members/fold-2").exists()


# Snapshots


@pytest.mark.slow
def test_a_snapshot_goes_on_from_the_one_before_for_its_part_of_the_passes(snapped: Run) -> None:
    recipes = [
        json.loads((snapped.folder / f"members/snapshot-{n}/recipe.json").read_text("utf-8"))
        for n in (0, 1)
    ]
    assert [one["network"]["epochs"] for one in recipes] == [2, 2]
    assert recipes[0]["seed"] != recipes[1]["seed"]  # its passes take another order
    assert sides(snapped.folder / "members/snapshot-0/split.csv") == sides(
        snapped.folder / "members/snapshot-1/split.csv"
    )
    numbers = [
        json.loads((snapped.folder / f"members/snapshot-{n}/report/metrics.json").read_text())
        for n in (0, 1)
    ]
    first, second = ([row["train_loss"] for row in one["training"]["history"]] for one in numbers)
    assert second[0] < first[0]  # new weights would have to begin anew


@pytest.mark.slow
def test_snapshots_are_weighed_by_what_all_of_them_held_out(snapped: Run) -> None:
    assert snapped.gain is not None
    assert snapped.gain.method == "average"
    weights = [one["weight"] for one in record_of(snapped)["combination"]["members"]]
    assert sum(weights) == pytest.approx(1)
    assert {one.name for one in snapped.gain.members} == {
        "mlp (snapshot-0)",
        "mlp (snapshot-1)",
    }


@pytest.mark.parametrize("kind", ["folds", "snapshots"])
def test_the_hour_of_a_preset_is_shared_out_too(kind: str) -> None:
    pytest.importorskip("torch")
    from linnaeus.ensembling.trained import share_of_time
    from linnaeus.training.ensemble_plan import ensemble_plan

    plan, large = ensemble_plan(f"{kind}:5"), (45_000, 32, 32, 3)
    best = share_of_time(linnaeus.Recipe(preset="best"), plan, large)
    assert best.budget_s == pytest.approx(660)  # a fifth of 55 minutes
    quick = share_of_time(linnaeus.Recipe(preset="quick"), plan, large)
    # A third of twelve passes: by each of the folds, and by all snapshots together.
    assert quick.network.epochs == pytest.approx(4 if kind == "folds" else 0.8)


def test_snapshots_share_out_the_passes_of_a_run_that_is_repeated() -> None:
    pytest.importorskip("torch")
    from linnaeus.ensembling.trained import share_of_time
    from linnaeus.training.ensemble_plan import ensemble_plan
    from linnaeus.training.plan import TrainingPlan
    from linnaeus.training.schedule import Pace

    made = TrainingPlan(batch_size=50, budget_s=60, paces=(Pace(0, 90), Pace(20, 200)))
    repeated = linnaeus.Recipe(budget_s=60, device="cpu", network=made)
    shared = share_of_time(repeated, ensemble_plan("snapshots:5"), (1_000, 32, 32, 3))
    assert shared.network.paces == ()
    assert shared.budget_s is None
    assert shared.network.budget_s is None
    assert shared.network.epochs == pytest.approx(2)  # a fifth of 200 steps of 20 a pass


# What cannot be meant


@pytest.mark.parametrize("plan", ["folds", "folds:1", "folds:21", "bagging:3", "snapshots:x"])
def test_a_plan_that_there_is_not(some_digits: Dataset, plan: str) -> None:
    with pytest.raises(UsageError, match="is no ensemble") as told:
        linnaeus.train(some_digits, ensemble=plan, **TAUGHT)
    assert told.value.where == "--ensemble"


def test_snapshots_of_what_does_not_learn_by_passes(some_digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="snapshots are of a network that learns from scratch"):
        linnaeus.train(
            some_digits, out=tmp_path / "none", model="raw+naive-bayes", ensemble="snapshots:3"
        )
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", ["folds:3", "snapshots:2"])
def test_pictures_with_several_labels_are_refused_before_the_work(
    pairs_table: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "none"
    with pytest.raises(DataError, match="may have several labels"):
        linnaeus.train(pairs_table, out=out, label_separator="|", ensemble=kind, **TAUGHT)
    assert not out.exists()


@pytest.mark.parametrize(
    ("ensemble", "beside", "option"),
    [
        ("folds:3", {"val": 0.3}, "--val"),
        ("folds:3", {"unknown": "elsewhere"}, "--unknown"),
        ("snapshots:2", {"unknown": "elsewhere"}, "--unknown"),
    ],
)
def test_what_an_ensemble_would_pass_over_is_refused(
    some_digits: Dataset, tmp_path: Path, ensemble: str, beside: dict[str, Any], option: str
) -> None:
    if "unknown" in beside:
        (tmp_path / "elsewhere").mkdir()
        beside = {"unknown": str(tmp_path / "elsewhere")}
    with pytest.raises(UsageError) as told:
        linnaeus.train(some_digits, out=tmp_path / "none", ensemble=ensemble, **beside, **TAUGHT)
    assert told.value.where == option
    assert not (tmp_path / "none").exists()


def test_snapshots_may_have_a_share_for_validation() -> None:
    from linnaeus.training.recipe import recipe_with

    assert recipe_with(None, ensemble="snapshots:2", validation=0.3).validation == 0.3
