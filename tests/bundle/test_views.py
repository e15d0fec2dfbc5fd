"""Test-time augmentation is a part of the bundle: whoever asks it gets the mean over the views."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import linnaeus
from linnaeus.bundle.views import VIEWS, views_of
from linnaeus.manifest import write_manifest
from linnaeus.training.run import Run


def test_the_views_of_a_picture() -> None:
    rows = np.arange(16 * 32 * 3, dtype=np.uint64).reshape(16, 32, 3) % 251
    picture = rows.astype(np.uint8)
    (same,) = views_of(picture, "none")
    _, mirrored = views_of(picture, "mirror")
    first, up, down, left, right = views_of(picture, "shifts")
    assert same is picture
    assert np.array_equal(mirrored[:, 0], picture[:, 31])
    assert np.array_equal(first, picture)
    # By a sixteenth: one row of 16, two columns of 32. What comes in is reflected at the edge.
    assert np.array_equal(up[1:], picture[:-1])
    assert np.array_equal(up[0], picture[1])
    assert np.array_equal(down[:-1], picture[1:])
    assert np.array_equal(left[:, 2:], picture[:, :-2])
    assert np.array_equal(right[:, :-2], picture[:, 2:])
    assert np.array_equal(right[:, -1], picture[:, -3])


@pytest.fixture(scope="module")
def mirrored_run(tmp_path_factory: pytest.TempPathFactory, some_digits: linnaeus.Dataset) -> Run:
    pytest.importorskip("torch")
    return linnaeus.train(
        some_digits,
        out=tmp_path_factory.mktemp("mirrored") / "run",
        recipe=linnaeus.Recipe(test_time_augmentation="mirror"),
        model="small_cnn",
        epochs=1,
        precision="float32",
    )


def pictures(count: int) -> list[np.ndarray]:
    drawn = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3))
    return list(drawn.astype(np.uint8))


def test_an_answer_is_the_mean_over_the_views(mirrored_run: Run, tmp_path: Path) -> None:
    plain = Path(shutil.copytree(mirrored_run.bundle, tmp_path / "plain"))
    record = json.loads((plain / "bundle.json").read_text())
    assert record["serving"].pop("test_time_augmentation") == "mirror"
    (plain / "bundle.json").write_text(json.dumps(record))  # as bundles were before there was any
    write_manifest(plain)
    with pytest.raises(linnaeus.errors.BundleError, match="answers the golden inputs differently"):
        linnaeus.load(plain)

    asked = pictures(4)
    both = linnaeus.load(mirrored_run.bundle).predict_pixels(asked)
    read = linnaeus.bundle.record.read_record(plain)
    network = linnaeus.bundle.network.OneNetwork(read, plain / "model.onnx")
    classifier = linnaeus.bundle.classifier.Classifier(read, network)
    one = classifier.predict_pixels(asked)
    other = classifier.predict_pixels([np.ascontiguousarray(p[:, ::-1]) for p in asked])
    for mean, a, b in zip(both, one, other, strict=True):
        assert np.allclose(mean.logits, (a.logits + b.logits) / 2, atol=1e-5)
        assert np.allclose(mean.features, (a.features + b.features) / 2, atol=1e-5)
        assert not np.allclose(mean.logits, a.logits, atol=1e-3)


def test_golden_answers_and_the_report_are_those_of_the_mean(mirrored_run: Run) -> None:
    golden = load_file(mirrored_run.bundle / "golden.safetensors")
    answers = linnaeus.load(mirrored_run.bundle).predict_pixels(golden["pixels"])
    kept = golden["probabilities.float32"]
    assert np.allclose([a.probabilities for a in answers], kept, atol=1e-6)
    assert "the mean over 2 views" in mirrored_run.report.read_text(encoding="utf-8")


def test_there_are_as_many_views_as_is_told() -> None:
    (picture,) = pictures(1)
    assert {views: len(views_of(picture, views)) for views in VIEWS} == VIEWS
