"""`linnaeus train`: what it refuses, what it repeats, and what it downloads."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import linnaeus
from linnaeus.training.run import Run

sys.path.append(str(Path(__file__).parents[1] / "models"))
from hub_stand_in import Hub, hub_with

pytest.importorskip("torch")

NAME = "mobilenetv2_100.same_in1k"


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# Refused, each in one sentence with its own code


def test_a_used_folder_is_refused_at_once_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("x")
    done = linnaeus("train", "digits", "--model", "small_cnn", "--out", tmp_path / "run")
    assert done.code == 6
    assert done.sentence.startswith(f"{tmp_path / 'run'}: already exists")
    assert "Reading pictures" not in done.err
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["mine.txt"]
    assert (tmp_path / "run" / "mine.txt").read_text() == "x"


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "run"
    done = linnaeus("train", "digits", "--model", "small_cnn", "--out", out)
    assert done.code == 6
    assert f"{tmp_path / 'file'} is a file" in done.sentence
    assert "Reading pictures" not in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["digits", "--budget", "soon"], 2, '--budget: "soon" is not a time'),
        (["digits", "--budget", "0s"], 2, '--budget: "0s" is not a time'),
        (["digits", "--model", "resnet9000"], 5, 'no network called "resnet9000"'),
        (["digits", "--model", "cnn-smal"], 5, "Did you mean cnn-small"),
        (["digits", "--model", "alexnet", "--image-size", "32"], 2, "size of 63 px or more"),
        (["digits", "--image-size", "4"], 2, "--image-size: 4 is not at least 8"),
        (["digits", "--image-size", "big"], 2, '"big" is no size of pictures'),
        (["digits", "--image-size", "６４"], 2, '"６４" is no size of pictures'),
        (["digits", "--weights", "{empty}"], 5, "no pretrained weights are here"),
        (["digits", "--recipe", "{empty}"], 2, "not a recipe"),
        (["nowhere/photos"], 3, "nowhere/photos"),
        (["{empty}"], 3, "{empty}"),
        (["digits", "--val", "1.5"], 2, "--val"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    tmp_path: Path, arguments: list[str], code: int, reason: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    given = [one.format(empty=empty) for one in arguments]
    done = linnaeus("train", *given, cwd=tmp_path)
    assert done.code == code
    assert reason.format(empty=empty) in done.sentence
    assert list(tmp_path.glob("runs/*")) == []


# Real pictures


def test_photographs_are_learnt_with_a_pretrained_network(
    photo_folder: Path, shared_weights: Path, tmp_path: Path
) -> None:
    """Also: two files that are no pictures are named wherever somebody may look."""
    (photo_folder / "glass" / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (photo_folder / "paper" / "empty.jpg").write_bytes(b"")
    run = tmp_path / "run"
    done = linnaeus(
        "train", photo_folder, "--out", run, "--weights", shared_weights, "--precision", "float32"
    )
    assert done.code == 0
    assert f"Network: {NAME}. Its pretrained weights are at hand." in done.err
    record = json.loads((run / "bundle" / "bundle.json").read_text(encoding="utf-8"))
    assert record["serving"]["precision"] == "float32"
    assert record["model"]["name"] == NAME
    with (run / "split.csv").open(encoding="utf-8", newline="") as file:
        left_out = {
            r["image"]: r["reason"] for r in csv.DictReader(file) if r["split"] == "left out"
        }
    assert set(left_out) == {"glass/half.jpg", "paper/empty.jpg"}
    page = (run / "report" / "index.html").read_text(encoding="utf-8")
    for name in left_out:
        assert name in done.err
        assert name in page.replace("<wbr>", "")


# The same bits


def test_another_process_repeats_a_run_from_its_recipe(digits_run: Run, tmp_path: Path) -> None:
    """The digits of the run, as files; the recipe comes from within this process."""
    from linnaeus import load_dataset

    digits = load_dataset("digits")
    data = tmp_path / "digits"
    for row in range(0, len(digits), 3):
        path = data / digits.paths[row]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(digits.source.read(digits.paths[row]))
    recipe = digits_run.folder / "recipe.json"
    done = linnaeus("train", data, "--recipe", recipe, "--workers", "3", "--out", tmp_path / "run")
    assert done.code == 0
    for name in ("bundle/model.onnx", "bundle/weights.safetensors", "split.csv", "recipe.json"):
        assert digest(tmp_path / "run" / name) == digest(digits_run.folder / name)
    tables = [folder / "predictions.csv" for folder in (tmp_path / "run", digits_run.folder)]
    assert tables[0].read_text(encoding="utf-8") == tables[1].read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_budget_shortens_a_run_and_its_recipe_repeats_it(tmp_path: Path) -> None:
    short = ("--model", "small_cnn", "--budget", "2s")
    first = linnaeus("train", "digits", *short, "--out", tmp_path / "first")
    assert first.code == 0
    figures = json.loads((tmp_path / "first" / "report" / "metrics.json").read_text("utf-8"))
    assert figures["training"]["budget_s"] == 2
    recipe = json.loads((tmp_path / "first" / "recipe.json").read_text("utf-8"))
    assert recipe["budget_s"] == 2
    again = linnaeus(
        "train", "digits", "--recipe", tmp_path / "first" / "recipe.json", "--out", tmp_path / "b"
    )
    assert again.code == 0
    for name in ("bundle/model.onnx", "bundle/weights.safetensors", "predictions.csv"):
        assert digest(tmp_path / "first" / name) == digest(tmp_path / "b" / name)


# Downloads


@pytest.fixture(scope="module")
def hub(shared_weights: Path) -> Iterator[Hub]:
    folder = shared_weights / NAME
    with hub_with({NAME: {file.name: file.read_bytes() for file in folder.iterdir()}}) as hub:
        yield hub


def test_nothing_is_downloaded_unless_asked(hub: Hub, tmp_path: Path) -> None:
    home = hub.environment(tmp_path / "home")
    told = {name: home[name] for name in ("HF_ENDPOINT", "HF_HOME")}
    done = linnaeus("train", "digits", "--model", NAME, "--out", tmp_path / "run", **told)
    assert done.code == 5
    assert "--download to fetch them" in done.sentence
    assert hub.requests == []
    assert not (tmp_path / "run").exists()


def test_a_network_that_does_not_exist_is_told(hub: Hub, tmp_path: Path) -> None:
    home = hub.environment(tmp_path / "home")
    told = {name: home[name] for name in ("HF_ENDPOINT", "HF_HOME", "NO_PROXY")}
    done = linnaeus("train", "digits", "--model", "resnet9000", "--download", **told)
    assert done.code == 5
    assert "timm/resnet9000: the weights could not be downloaded" in done.sentence


@pytest.mark.slow
def test_a_network_is_downloaded_where_that_is_asked_for(
    hub: Hub, photo_folder: Path, tmp_path: Path
) -> None:
    home = hub.environment(tmp_path / "home")
    told = {n: home[n] for n in ("HF_ENDPOINT", "HF_HOME", "NO_PROXY", "HF_HUB_DISABLE_XET")}
    train = ("train", photo_folder, "--model", NAME)
    first = linnaeus(*train, "--download", "--out", tmp_path / "first", **told)
    assert first.code == 0
    assert "It was asked for by name, and downloaded." in first.err
    asked = len(hub.requests)
    again = linnaeus(*train, "--out", tmp_path / "again", **told)
    assert again.code == 0
    assert len(hub.requests) == asked, "the cache has it now"
    graphs = [digest(tmp_path / name / "bundle" / "model.onnx") for name in ("first", "again")]
    assert graphs[0] == graphs[1]
