"""An ensemble is a bundle as any other: it answers, promises, and is used only as it was made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.special import softmax

import linnaeus
from linnaeus.errors import BundleError
from linnaeus.manifest import write_manifest

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.ensembling.made import Ensembled
    from linnaeus.training.run import Run


def record_of(bundle: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((bundle / "bundle.json").read_text("utf-8"))
    return record


def alone(ensembled: Ensembled, contents: list[bytes]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(members, n, classes): what each member answers when it is opened by itself."""
    members = record_of(ensembled.bundle)["combination"]["members"]
    folders = [ensembled.bundle / member["folder"] for member in members]
    given = [linnaeus.load(folder).predict(contents).probabilities for folder in folders]
    return np.array(given, np.float64)


def logits_of(ensembled: Ensembled, contents: list[bytes]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, classes): what the whole answers before it is calibrated."""
    answers = ensembled.classifier().stream(enumerate(contents))
    return np.array([answer.logits for _, answer in answers], np.float64)


@pytest.fixture
def contents(some_digits: Dataset) -> list[bytes]:
    return [some_digits.source.read(path) for path in some_digits.paths[:40]]


@pytest.fixture
def copy(tmp_path: Path, averaged: Ensembled) -> Path:
    """A copy of an ensemble, to be spoilt."""
    return Path(shutil.copytree(averaged.bundle, tmp_path / "bundle"))


# What it answers


def test_an_average_answers_with_the_weighted_mean_of_its_members(
    averaged: Ensembled, contents: list[bytes]
) -> None:
    record = record_of(averaged.bundle)
    weights = np.array([member["weight"] for member in record["combination"]["members"]])
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()
    mean = np.tensordot(weights, alone(averaged, contents), axes=1)
    assert np.abs(softmax(logits_of(averaged, contents), axis=1) - mean).max() < 1e-5


def test_a_stack_answers_with_a_weight_for_each_member_and_class(
    stacked: Ensembled, contents: list[bytes]
) -> None:
    record = record_of(stacked.bundle)
    trust = np.array(record["combination"]["trust"])
    assert trust.shape == (2, 10)
    logarithms = np.log(np.maximum(alone(stacked, contents), 1e-7))
    logits = sum(t * p for t, p in zip(trust, logarithms, strict=True))
    expected = logits + record["combination"]["bias"]
    assert np.abs(logits_of(stacked, contents) - expected).max() < 1e-3


def test_a_member_is_the_whole_bundle_that_it_was(averaged: Ensembled, digits_run: Run) -> None:
    kept = [averaged.bundle / "members" / name for name in ("00", "01")]
    manifests = [(folder / "manifest.json").read_bytes() for folder in kept]
    assert (digits_run.bundle / "manifest.json").read_bytes() in manifests


def test_a_picture_that_cannot_be_read_keeps_its_row(
    averaged: Ensembled, contents: list[bytes]
) -> None:
    answers = averaged.classifier().predict([contents[0], b"none"], unreadable="keep")
    assert list(answers.errors) == ["1"]
    assert np.isnan(answers.probabilities[1]).all()


def test_features_are_those_of_all_members(averaged: Ensembled, contents: list[bytes]) -> None:
    folders = [averaged.bundle / "members" / name for name in ("00", "01")]
    each = [
        next(iter(linnaeus.load(folder).stream([(0, contents[0])])))[1].features
        for folder in folders
    ]
    together = next(iter(averaged.classifier().stream([(0, contents[0])])))[1].features
    units = [features / np.linalg.norm(features) for features in each]
    assert np.allclose(together, np.concatenate(units), atol=1e-5)


def test_it_calls_unknown_what_is_none_of_its_classes(
    averaged: Ensembled, contents: list[bytes]
) -> None:
    classifier = averaged.classifier()
    assert not any("nothing unknown" in notice.lower() for notice in classifier.notices)
    random = np.random.default_rng(0)
    noise = [random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(40)]
    strange, known = classifier.predict(noise), classifier.predict(contents)
    assert strange.unknown.mean() > 0.5
    assert strange[int(strange.unknown.argmax())].label == "unknown"
    assert known.unknown.mean() < 0.2
    written = json.loads(averaged.report.with_name("metrics.json").read_text("utf-8"))
    assert written["bundle"]["tells_unknown"]
    assert written["unknown"]["made"]["auroc"]["value"] > 0.8
    assert 0 <= written["unknown"]["false_alarms"]["value"] < 0.3
    assert written["unknown"]["held_out"] == len(classifier.held_out)


def test_it_promises_sets_and_silence(averaged: Ensembled, contents: list[bytes]) -> None:
    classifier = averaged.classifier()
    promised = classifier.promise(classifier.predict(contents), coverage=0.9, max_error=0.2)
    assert promised.sets is not None
    assert len(classifier.held_out) == 60


def test_evaluate_leaves_out_what_any_member_has_seen(
    averaged: Ensembled, some_digits: Dataset
) -> None:
    judged = linnaeus.evaluate(averaged.bundle, some_digits)
    assert judged.metrics.images == averaged.metrics.images
    assert judged.metrics.to_json() == averaged.metrics.to_json()
    assert any("left out" in remark for remark in judged.remarks)


def test_neither_making_nor_using_it_takes_torch(
    tmp_path: Path, digits_run: Run, mlp_run: Run
) -> None:
    script = """
import sys
import linnaeus
digits = linnaeus.load_dataset("digits")
data = digits.subset(range(0, len(digits), 3))
made = linnaeus.ensemble(sys.argv[1:3], data, out=sys.argv[3])
picture = data.source.read(data.paths[0])
print(made.classifier().predict(picture)[0].label, "torch" in sys.modules)
"""
    arguments = [str(digits_run.bundle), str(mlp_run.bundle), str(tmp_path / "made")]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["0", "False"]


# Nothing depends on the order of the members


@pytest.mark.slow
def test_the_order_in_which_they_are_named_changes_nothing(
    averaged: Ensembled, digits_run: Run, mlp_run: Run, some_digits: Dataset, tmp_path: Path
) -> None:
    again = linnaeus.ensemble([mlp_run.folder, digits_run.bundle], some_digits, out=tmp_path / "e")
    one, other = record_of(averaged.bundle), record_of(again.bundle)
    assert one.pop("created") <= other.pop("created")
    assert one == other
    table = (averaged.folder / "predictions.csv").read_bytes()
    assert (again.folder / "predictions.csv").read_bytes() == table
    for file in ("golden.safetensors", "held_out.safetensors", "trained_on.safetensors"):
        assert (averaged.bundle / file).read_bytes() == (again.bundle / file).read_bytes()


# Used only as it was made


@pytest.mark.parametrize("name", ["bundle.json", "members/01/model.onnx", "members/00/bundle.json"])
def test_a_changed_file_is_refused_by_name(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(BundleError):
        linnaeus.load(copy)


def test_a_member_that_is_gone_is_told(copy: Path) -> None:
    shutil.rmtree(copy / "members/01")
    with pytest.raises(BundleError, match="is missing") as told:
        linnaeus.load(copy)
    assert told.value.where.startswith(str(copy / "members" / "01"))


def test_other_weights_than_it_was_made_with_fail_the_golden_answers(copy: Path) -> None:
    record = record_of(copy)
    members = record["combination"]["members"]
    members[0]["weight"], members[1]["weight"] = 0.01, 0.99
    (copy / "bundle.json").write_text(json.dumps(record))
    write_manifest(copy)
    with pytest.raises(BundleError, match="answers the golden inputs differently"):
        linnaeus.load(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "stack"},
        {"bias": [0.0] * 10, "trust": [[1.0] * 10]},
        {"members": [{"folder": "../elsewhere", "name": "x", "weight": 1.0}] * 2},
        {"members": [{"folder": "members/00", "name": "x", "weight": 0.7}] * 2},
    ],
)
def test_a_combination_that_cannot_be_is_refused(copy: Path, change: dict[str, Any]) -> None:
    record = record_of(copy)
    record["combination"] |= change
    (copy / "bundle.json").write_text(json.dumps(record))
    write_manifest(copy)
    with pytest.raises(BundleError, match="it cannot be understood"):
        linnaeus.load(copy)


# What its report says


def test_the_report_tells_of_every_member_and_of_the_gain(averaged: Ensembled) -> None:
    page = averaged.report.read_text("utf-8")
    numbers = json.loads((averaged.folder / "report/metrics.json").read_text("utf-8"))
    told = numbers["ensemble"]
    assert {one["name"] for one in told["members"]} == {"mlp", "small_cnn"}
    assert all(one["seconds"] > 0 for one in told["members"])
    assert "Together or alone" in page
    for word in averaged.gain.in_plain_words:
        assert word.split("“")[0].split(":")[0] in page
    card = (averaged.bundle / "MODEL_CARD.md").read_text("utf-8")
    assert "each a whole bundle under `members/`" in card


def test_members_are_judged_alone_on_the_same_pictures(
    averaged: Ensembled, digits_run: Run, mlp_run: Run
) -> None:
    figures = {member.name: member.accuracy for member in averaged.gain.members}
    assert figures["small_cnn"] == digits_run.metrics.accuracy  # type: ignore[union-attr]
    assert figures["mlp"] == mlp_run.metrics.accuracy  # type: ignore[union-attr]


def test_validation_figures_and_promises_rest_on_held_out_pictures_only(
    averaged: Ensembled, some_digits: Dataset
) -> None:
    seen = load_file(averaged.bundle / "trained_on.safetensors")
    assert len(seen["held_out_files"]) == len(averaged.classifier().held_out)
    assert not set(seen["held_out_files"]) & set(seen["learnt_files"])
    assert len(seen["pixel_digests"]) + averaged.metrics.images == len(some_digits)


def test_golden_inputs_are_pictures_of_the_widest_member(copy: Path) -> None:
    golden = load_file(copy / "golden.safetensors")
    assert golden["pixels"].shape[1:] == (12, 12, 3)
    golden["probabilities.float32"] = np.roll(golden["probabilities.float32"], 1, axis=1)
    save_file(golden, copy / "golden.safetensors")
    write_manifest(copy)
    with pytest.raises(BundleError, match="answers the golden inputs differently"):
        linnaeus.load(copy)
