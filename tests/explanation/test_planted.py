"""Where it is known what the class hangs on, the maps point there, and a shortcut is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command_line import linnaeus as command

pytest.importorskip("torch")

import linnaeus
from linnaeus.ensembling.made import Ensembled
from linnaeus.errors import DataError, UsageError
from linnaeus.explanation.enlarging import smoothed
from linnaeus.progress import Quiet
from linnaeus.training.run import Run

sys.path.insert(0, str(Path(__file__).parent))  # tests share no package

from planted import write_dots, write_patches


class Told(Quiet):
    """A progress that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture(scope="module")
def patches(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, tuple[int, ...]]]:
    folder = tmp_path_factory.mktemp("patches")
    boxes = write_patches(folder / "data", 150)
    run = linnaeus.train(
        folder / "data",
        out=folder / "run",
        model="cnn-tiny",
        epochs=12,
        precision="float32",
        settings=["near_duplicates=ignore"],
    )
    assert run.metrics.accuracy.value > 0.95
    return run, boxes


@pytest.mark.parametrize(
    "method",
    [
        "grad-cam",
        pytest.param("occlusion", marks=pytest.mark.slow),
        pytest.param("integrated-gradients", marks=pytest.mark.slow),
    ],
)
def test_the_maximum_lies_in_the_patch(patches, method: str) -> None:
    run, boxes = patches
    files = [*boxes][::14]
    explained = linnaeus.explain(run.bundle, files, method=method)
    inside = []
    for one in explained.explanations:
        left, top, right, bottom = boxes[one.id]
        found = smoothed(one.maps[method])
        y, x = np.unravel_index(int(found.argmax()), found.shape)
        inside.append(left <= x < right and top <= y < bottom)
    assert np.mean(inside) >= 0.95


def test_a_page_maps_and_figures_are_written(patches, tmp_path: Path) -> None:
    run, boxes = patches
    files = [*boxes][::60]
    table = tmp_path / "boxes.csv"
    rows = [",".join(map(str, (file, *boxes[file]))) for file in files]
    table.write_text("image,left,top,right,bottom\n" + "\n".join(rows) + "\n")
    out = tmp_path / "out"
    options = ("--out", out, "--boxes", table, "--alike", Path(files[0]).parents[1])
    done = command("explain", run.bundle, *files, *options)
    assert done.code == 0, done.err
    told = json.loads((out / "explanations.json").read_text("utf-8"))
    assert [one["id"] for one in told["pictures"]] == files
    assert told["pictures"][0]["neighbours"][0]["id"].endswith(Path(files[0]).name)
    pointing = told["trust"][0]["pointing"]
    assert pointing["low"] < 2 / 3 <= pointing["value"]
    maps = sorted((out / "maps").glob("*-grad-cam.npy"))
    assert len(maps) == len(list((out / "pictures").glob("*-grad-cam.png"))) == len(files)
    assert np.load(maps[0]).shape == (48, 48)
    needed = [one["hidden_until_another"] for one in told["pictures"]]
    hidden = [np.load(file) for file in sorted((out / "maps").glob("*-hidden.npy"))]
    assert [mask.mean() for mask in hidden] == [one["share"] for one in needed if one]
    assert len(list((out / "pictures").glob("*-hidden.png"))) == len(hidden)
    page = (out / "index.html").read_text("utf-8")
    assert "Can this be believed" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.slow
def test_a_dot_in_the_corner_is_named_as_a_shortcut(tmp_path: Path) -> None:
    write_dots(tmp_path / "data", 80)
    run = linnaeus.train(
        tmp_path / "data",
        out=tmp_path / "run",
        model="cnn-tiny",
        epochs=10,
        precision="float32",
        settings=["near_duplicates=ignore"],
    )
    files = sorted((tmp_path / "data" / "dotted").iterdir())[1:30]
    explained = linnaeus.explain(run.bundle, files)
    dotted = next(one for one in explained.places if one.name == "dotted")
    assert dotted.suspicious
    assert dotted.cell_name == "top left"
    assert "top left corner" in explained.in_plain_words[0]


def test_what_cannot_be_meant_is_said(patches, tmp_path: Path) -> None:
    run, boxes = patches
    file = next(iter(boxes))
    with pytest.raises(UsageError, match="no method"):
        linnaeus.explain(run.bundle, file, method="guess")
    with pytest.raises(UsageError, match="no class"):
        linnaeus.explain(run.bundle, file, class_name="squares")
    with pytest.raises(UsageError, match="no layer of this name"):
        linnaeus.explain(run.bundle, file, method="grad-cam", layer="roof")
    with pytest.raises(UsageError, match="no layer of this name"):
        linnaeus.explain(run.bundle, file, layer="roof")
    with pytest.raises(UsageError, match="asks nothing of a layer"):
        linnaeus.explain(run.bundle, file, method="lime", layer="body.stages.0")
    with pytest.raises(UsageError, match="vision transformers"):
        linnaeus.explain(run.bundle, file, method="attention-rollout")
    wrong = tmp_path / "boxes.csv"
    wrong.write_text("image,left,top,right,bottom\na.png,5,5,2,9\n")
    with pytest.raises(DataError, match="no box"):
        linnaeus.explain(run.bundle, file, boxes=wrong)


def test_another_class_and_layer_can_be_explained(patches) -> None:
    run, boxes = patches
    file = next(iter(boxes))
    one = linnaeus.explain(run.bundle, file, class_name="rings", layer="body.stages.0")
    assert one.explanations[0].explained == "rings"
    assert one.layer == "body.stages.0"


def test_what_has_to_be_hidden_does_not_hang_on_the_class_that_is_explained(patches) -> None:
    """Black pictures are all called alike, so of a cross and a ring hiding changes one's name."""
    run, boxes = patches

    def needed(file: str, name: str | None):
        explained = linnaeus.explain(
            run.bundle, file, class_name=name, layer="body.stages.0", cover="black"
        )
        return explained.explanations[0].needed

    cross, *_, ring = boxes
    file = cross if needed(cross, None) else ring
    (share, then, hidden, without), *others = (
        needed(file, name) for name in (None, "crosses", "rings")
    )
    assert hidden.mean() == share
    assert (without[hidden] == 0).all()
    assert [one[:2] for one in others] == [(share, then)] * 2


def test_all_methods_are_those_that_the_bundle_can_be_explained_by(
    averaged: Ensembled, photo_folder: Path
) -> None:
    """An ensemble has no network to look into, so it is explained by hiding, and that is told."""
    told = Told()
    file = next(photo_folder.rglob("*.jpg"))
    explained = linnaeus.explain(averaged.bundle, file, method="all", progress=told)
    assert explained.methods == ("occlusion", "superpixels", "lime", "kernel-shap")
    assert any("nothing for grad-cam" in sentence for sentence in told.said)


def test_a_picture_that_is_called_unknown_is_explained_as_such(
    digits_run: Run, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    file, out = tmp_path / "noise.png", tmp_path / "why"
    assert linnaeus.load(digits_run.bundle).predict(file)[0].label == "unknown"
    (one,) = linnaeus.explain(digits_run.bundle, file, method="occlusion", out=out).explanations
    assert one.unknown
    assert "Called unknown" in (out / "index.html").read_text("utf-8")
