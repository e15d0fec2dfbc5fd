"""Whoever works in the folder of the data writes results into it, and they are no classes of it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import linnaeus
from command_line import command, environment
from linnaeus.compression.compressed import Compressed
from linnaeus.errors import LinnaeusError
from linnaeus.training.run import Run

OURS = "Linnaeus wrote it"

VERBS: dict[str, Callable[[Run, Path, Path], object]] = {
    "attack": lambda run, photos, out: linnaeus.attack(run.bundle, photos, limit=4, out=out),
    "certify": lambda run, photos, out: linnaeus.certify(
        run.bundle, photos, noise=0.1, limit=2, draws=100, out=out
    ),
    "evaluate": lambda run, photos, out: linnaeus.evaluate(run.bundle, photos, out=out),
    "explain": lambda run, photos, out: linnaeus.explain(run.bundle, photos, limit=2, out=out),
    "export": lambda run, photos, out: linnaeus.export(run.bundle, to="onnx", out=out),
    "index": lambda run, photos, out: linnaeus.index(run.bundle, photos, out=out),
    "lr_find": lambda run, photos, out: linnaeus.lr_find(
        photos, model="mlp", image_size=8, out=out, cache=False
    ),
    "stress": lambda run, photos, out: linnaeus.stress(
        run.bundle, photos, kinds=["jpeg-quality"], limit=4, out=out
    ),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_a_verb_wrote_into_the_data_is_left_alone_and_named(
    photo_run: Run, photo_set: Path, tmp_path: Path, verb: str
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(photo_set, photos)
    before = linnaeus.load_dataset(photos)
    VERBS[verb](photo_run, photos, photos / "results")
    after = linnaeus.load_dataset(photos)
    assert (after.classes, after.paths) == (before.classes, before.paths)
    assert after.left_alone == {"results/": OURS}


def test_runs_bundles_and_smaller_models_are_left_alone(
    photo_run: Run, in_int8: Compressed, photo_set: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    shutil.copytree(photo_set, photos)
    shutil.copytree(photo_run.bundle, photos / "bundle")
    shutil.copytree(photo_run.folder, photos / "runs" / "first")
    shutil.copytree(in_int8.folder, photos / "smaller")
    left_alone = linnaeus.load_dataset(photos).left_alone
    assert left_alone == {"bundle/": OURS, "runs/": OURS, "smaller/": OURS}


def test_a_run_that_was_broken_off_in_the_folder_of_the_data_is_no_class(
    photo_folder: Path, tmp_path: Path
) -> None:
    before = linnaeus.load_dataset(photo_folder)
    run = photo_folder / "runs" / "first"
    asked = ("train", photo_folder, "--model", "small_cnn", "--epochs", 500, "--out", run)
    with subprocess.Popen(command(*asked), env=environment(), cwd=tmp_path) as process:
        while not (run / "begun.json").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    assert linnaeus.load_dataset(photo_folder).paths == before.paths


def test_a_folder_of_pictures_beside_a_page_of_somebody_else_is_a_class(photo_folder: Path) -> None:
    (photo_folder / "metal" / "index.html").write_text("<p>my metal</p>")
    (photo_folder / "metal" / "metrics.json").write_text("{}")
    assert linnaeus.load_dataset(photo_folder).classes == ("glass", "metal", "paper")


@pytest.mark.parametrize("names", [(), ("export.json",), ("export.json", "model.onnx")])
def test_a_class_of_telephone_pictures_is_refused_whatever_lies_beside_them(
    photo_folder: Path, names: tuple[str, ...]
) -> None:
    bird = photo_folder / "bird"
    bird.mkdir()
    for name in ("1.heic", "2.heic", "3.heic", *names):
        (bird / name).write_bytes(b"{}")
    with pytest.raises(LinnaeusError, match=r"bird that is read \(3 pictures are of kinds"):
        linnaeus.load_dataset(photo_folder)


def test_a_class_of_refused_pictures_is_none_of_ours(photo_folder: Path) -> None:
    bird = photo_folder / "bird"
    bird.mkdir()
    (bird / "1.jpg").symlink_to("nowhere.jpg")
    for name in ("recipe.json", "audit.json"):
        (bird / name).write_text("{}")
    with pytest.raises(LinnaeusError, match=r"bird \(1 picture is refused"):
        linnaeus.load_dataset(photo_folder)


@pytest.mark.parametrize(
    "name", ["audit.json", "begun.json", "choices.csv", "export.json", "recipe.json", "study.json"]
)
def test_an_ordinary_name_alone_makes_no_folder_ours(photo_folder: Path, name: str) -> None:
    (photo_folder / "bird").mkdir()
    (photo_folder / "bird" / name).write_text("{}")
    with pytest.raises(LinnaeusError, match="class folders without a picture: bird"):
        linnaeus.load_dataset(photo_folder)


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("index.unfinished", ["begun.json"]),
        ("study", ["study.json", "in-use"]),
        ("wheel", ["export.json", "digits-1-py3-none-any.whl"]),
        ("runs/broken-off", ["begun.json", "checkpoints/1/state.json"]),
    ],
)
def test_what_other_work_left_is_ours(photo_folder: Path, folder: str, names: list[str]) -> None:
    for name in names:
        file = photo_folder / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"{}")
    left_alone = linnaeus.load_dataset(photo_folder).left_alone
    assert left_alone == {folder.partition("/")[0] + "/": OURS}
