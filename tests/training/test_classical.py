"""Classical models as anything else that is trained: one bundle, one report, the same bits."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus import Dataset, train
from linnaeus.errors import MissingError, UsageError
from linnaeus.features.hog import Hog
from linnaeus.training.run import Run

PREDICTS = """
import sys, linnaeus
found = linnaeus.load(sys.argv[1]).predict(sys.argv[2])
print(found[0].confidence)
print(*(name for name in ("torch", "sklearn", "skimage", "onnx", "cv2") if name in sys.modules))
"""


@pytest.fixture(scope="module")
def hog_run(tmp_path_factory: pytest.TempPathFactory, some_digits: Dataset) -> Run:
    """Digits learnt by a machine on histograms of gradients. Leave its folder alone."""
    folder = tmp_path_factory.mktemp("hog") / "run"
    return train(some_digits, out=folder, model="hog+svm")


def test_the_report_is_of_a_good_classifier(hog_run: Run) -> None:
    assert hog_run.metrics.accuracy.value > 0.9
    assert hog_run.metrics.calibration_error.value < 0.1
    metrics = json.loads((hog_run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert metrics["model"]["name"] == "hog+svm"
    record = json.loads((hog_run.bundle / "bundle.json").read_text("utf-8"))
    assert record["description"]["kind"] == "hog"
    assert record["calibration"]["method"] == "temperature"


def test_the_bundle_answers_without_what_taught_it(
    hog_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    file = tmp_path / "digit.pgm"
    file.write_bytes(some_digits.source.read(some_digits.paths[0]))
    done = subprocess.run(
        [sys.executable, "-c", PREDICTS, str(hog_run.bundle), str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    confidence, loaded = done.stdout.split("\n")[:2]
    assert loaded == ""
    here = linnaeus.load(hog_run.bundle).predict(file)[0].confidence
    assert float(confidence) == pytest.approx(float(here), abs=1e-6)


def test_features_are_the_same_bits_in_training_and_in_the_bundle(
    hog_run: Run, some_digits: Dataset
) -> None:
    classifier = linnaeus.load(hog_run.bundle)
    record = classifier.record
    assert isinstance(record.description, Hog)
    sources = [some_digits.source.read(path) for path in some_digits.paths[:70]]
    pixels = np.stack([record.preprocessing.read(one)[0] for one in sources])
    given = np.stack([answer.features for answer in classifier.predict_pixels(pixels)])
    assert np.array_equal(given, record.description(pixels))


def test_another_number_of_workers_and_no_cache_give_the_same_bits(
    hog_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    again = train(
        some_digits,
        out=tmp_path / "again",
        recipe=hog_run.folder / "recipe.json",
        workers=1,
        cache=False,
    )
    for name in ("bundle/model.onnx", "bundle/golden.safetensors", "predictions.csv"):
        assert (again.folder / name).read_bytes() == (hog_run.folder / name).read_bytes()


def test_its_features_are_kept_for_the_next_run(
    hog_run: Run, some_digits: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from linnaeus.cli.telling import teller

    train(some_digits, out=tmp_path / "next", model="hog+naive-bayes", progress=teller())
    told = capsys.readouterr().err
    assert re.search(r"The features of \d+ pictures are known\.", told)
    assert "Computing features" not in told


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("raw+pca+random-forest", 0.85),
        pytest.param("lbp+logistic-regression", 0.6, marks=pytest.mark.slow),
    ],
)
def test_other_pairs_learn_too(
    some_digits: Dataset, tmp_path: Path, model: str, least: float
) -> None:
    settings = {"classical.trees": 40}
    run = train(some_digits, out=tmp_path / "run", model=model, settings=settings)
    assert run.metrics.accuracy.value > least
    assert linnaeus.load(run.bundle).engine == "onnxruntime"


@pytest.fixture(scope="module")
def words_run(tmp_path_factory: pytest.TempPathFactory, photo_set: Path) -> Run:
    """Photographs learnt by their words. Leave its folder alone."""
    settings = {"classical.sift_words": 40, "classical.sift_step_px": 32}
    out = tmp_path_factory.mktemp("words") / "run"
    return train(photo_set, out=out, model="sift+svm", settings=settings)


def test_words_of_photographs(words_run: Run, photo_set: Path) -> None:
    record = json.loads((words_run.bundle / "bundle.json").read_text("utf-8"))
    assert record["description"] == {
        "kind": "sift",
        "version": 1,
        "step_px": 32,
        "sizes_px": [3.0, 5.0],
    }
    picture = next(photo_set.rglob("*.jpg"))
    (answer,) = linnaeus.load(words_run.bundle).stream([("one", picture)])
    words = answer[1].features.reshape(5, 40) ** 2
    assert np.allclose(words.sum(axis=1), 1, atol=1e-5)


@pytest.mark.slow
def test_frozen_features_of_a_network(
    photo_set: Path, shared_weights: Path, tmp_path: Path
) -> None:
    run = train(
        photo_set, out=tmp_path / "run", model="mobilenetv2_100+pca+knn", weights=shared_weights
    )
    assert run.recipe.model == "mobilenetv2_100.same_in1k+pca+knn"
    record = json.loads((run.bundle / "bundle.json").read_text("utf-8"))
    assert record["description"] is None
    assert run.metrics.accuracy.value > 0.4  # of six classes, twelve photographs each


def test_without_opencv_a_bundle_of_words_says_what_to_install(
    words_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingError, match="OpenCV") as told:
        linnaeus.load(words_run.bundle)
    assert "linnaeus[classical]" in told.value.mend


def test_a_run_that_its_budget_cut_short_is_repeated_by_its_recipe(
    some_digits: Dataset, tmp_path: Path
) -> None:
    short = train(some_digits, out=tmp_path / "short", model="raw+svm", budget=0.01)
    recipe = short.folder / "recipe.json"
    assert len(json.loads(recipe.read_text("utf-8"))["head_strengths"]) == 1
    again = train(some_digits, out=tmp_path / "again", recipe=recipe)
    graphs = [run.bundle / "model.onnx" for run in (short, again)]
    assert graphs[0].read_bytes() == graphs[1].read_bytes()


def test_pictures_of_several_labels_are_refused(tmp_path: Path) -> None:
    for name in "abcd":
        Image.new("RGB", (16, 16), "red").save(tmp_path / f"{name}.png")
    table = tmp_path / "table.csv"
    table.write_text("image,label\na.png,x|y\nb.png,x\nc.png,y\nd.png,x|y\n", "utf-8")
    with pytest.raises(UsageError, match="one label"):
        train(table, out=tmp_path / "run", model="hog+svm", label_separator="|")


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"model": "hog+svn"}, "--model hog+svn"),
        ({"model": "hog+svm+pca"}, "--model hog+svm+pca"),
        ({"model": "hog+svm", "epochs": 3}, "--epochs"),
        ({"model": "hog+svm", "augment": "heavy"}, "--augment"),
        ({"model": "hog+svm", "preset": "best"}, "--preset"),
        ({"model": "hog+svm", "device": "cuda"}, "--device"),
        ({"model": "hog+svm", "precision": "bfloat16"}, "--precision"),
        (
            {"model": "hog+svm", "settings": ["network.optimiser=sgd"]},
            "the recipe's network.optimiser",
        ),
        ({"model": "hog+svm", "settings": ["head=linear"]}, "the recipe's head"),
        (
            {"model": "hog+svm", "settings": ["classical.hog_cell_px=99"]},
            "the recipe's classical.hog_cell_px",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    some_digits: Dataset, tmp_path: Path, options: dict[str, object], where: str
) -> None:
    with pytest.raises(UsageError) as told:
        train(some_digits, out=tmp_path / "run", **options)  # type: ignore[arg-type]
    assert told.value.where == where
    assert not (tmp_path / "run").exists()


def test_features_that_there_are_not_are_named(some_digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="gist") as told:
        train(some_digits, out=tmp_path / "run", model="gist+svm")
    assert "hog, lbp, colour-histogram, sift, raw" in told.value.mend
