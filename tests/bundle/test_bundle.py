"""A bundle on disk: what it holds, and that it is used only as it was made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.special import softmax

import linnaeus
from linnaeus.errors import BundleError
from linnaeus.manifest import verify_manifest, write_manifest
from linnaeus.training.run import Run

FILES = [
    "MODEL_CARD.md",
    "bundle.json",
    "golden.safetensors",
    "held_out.safetensors",
    "manifest.json",
    "model.onnx",
    "trained_on.safetensors",
    "unknown.safetensors",
    "weights.safetensors",
]


@pytest.fixture
def bundle(tmp_path: Path, digits_run: Run) -> Path:
    """A copy of a bundle, to be spoilt."""
    return Path(shutil.copytree(digits_run.bundle, tmp_path / "bundle"))


def rewrite(bundle: Path, **fields: object) -> None:
    """Change fields of bundle.json and seal the bundle again, as somebody who means it would."""
    record = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps({**record, **fields}))
    write_manifest(bundle)


def test_it_holds_what_is_documented_and_nothing_else(bundle: Path) -> None:
    assert sorted(file.name for file in bundle.iterdir()) == FILES
    record = json.loads((bundle / "bundle.json").read_text())
    assert record["schema_version"] == 1
    assert record["classes"] == [str(digit) for digit in range(10)]
    assert record["preprocessing"]["height_px"] == record["preprocessing"]["width_px"] == 8
    assert record["serving"]["precision"] == "float32"
    assert record["linnaeus_version"] == linnaeus.__version__


def test_its_graph_and_temperature_are_the_whole_classifier(
    bundle: Path, some_digits: linnaeus.Dataset
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    graph = onnxruntime.InferenceSession(bundle / "model.onnx")
    # The digits are stored as plain grey bytes behind a short header.
    contents = [some_digits.source.read(path) for path in some_digits.paths[:20]]
    grey = np.stack([np.frombuffer(content[-64:], np.uint8).reshape(8, 8) for content in contents])
    pixels = np.repeat(grey[..., None], 3, axis=3)
    logits, features = graph.run(["logits", "features"], {"pixels": pixels})
    weights = load_file(bundle / "weights.safetensors")
    assert logits.shape == (20, 10)
    assert features.shape[1] == next(
        w.shape[1] for w in weights.values() if w.shape[:1] == (10,) and w.ndim == 2
    )
    temperature = json.loads((bundle / "bundle.json").read_text())["calibration"]["temperature"]
    expected = softmax(logits.astype(np.float64) / temperature, axis=1)
    answered = linnaeus.load(bundle).predict(contents)
    assert np.abs(answered.probabilities - expected).max() < 1e-4


def test_the_card_says_how_good_it_is(bundle: Path, digits_run: Run) -> None:
    card = (bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"{digits_run.metrics.accuracy.value:.3f}" in card
    for heading in ("Intended use", "Limits", "Data", "Ethical considerations"):
        assert f"## {heading}" in card


def test_it_can_be_opened_from_the_run_as_well(digits_run: Run) -> None:
    assert linnaeus.load(digits_run.folder).classes == linnaeus.load(digits_run.bundle).classes


# Only as it was made


@pytest.mark.parametrize("name", sorted(set(FILES) - {"manifest.json", "bundle.json"}))
def test_a_changed_file_is_refused_by_name(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match="was changed") as told:
        linnaeus.load(bundle)
    assert told.value.where == str(bundle / name)


def test_a_changed_record_is_refused_by_name(bundle: Path) -> None:
    record = (bundle / "bundle.json").read_text()
    (bundle / "bundle.json").write_text(record.replace('"7"', '"seven"'))
    with pytest.raises(BundleError, match="was changed") as told:
        linnaeus.load(bundle)
    assert told.value.where == str(bundle / "bundle.json")


@pytest.mark.parametrize("name", sorted(set(FILES) - {"manifest.json", "bundle.json"}))
def test_a_missing_file_is_refused_by_name(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match="is missing") as told:
        linnaeus.load(bundle)
    assert told.value.where == str(bundle / name)


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    write_manifest(tmp_path)
    (tmp_path / "model.onnx").unlink()
    (tmp_path / "model.onnx").symlink_to("/proc/self/mem")  # opens, and cannot be read at its begin
    with pytest.raises(BundleError, match="it cannot be read") as told:
        verify_manifest(tmp_path)
    assert told.value.where == str(tmp_path / "model.onnx")


def test_an_added_file_is_refused_by_name(bundle: Path) -> None:
    (bundle / "model.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(BundleError, match=r"model\.pkl: was added"):
        linnaeus.load(bundle)


def test_without_its_manifest_it_is_refused(bundle: Path) -> None:
    (bundle / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"manifest\.json: the manifest is missing"):
        linnaeus.load(bundle)


def test_a_bundle_of_a_later_version_says_so(bundle: Path) -> None:
    rewrite(bundle, schema_version=2)
    with pytest.raises(BundleError, match=r"schema version 2.*Update Linnaeus"):
        linnaeus.load(bundle)


def test_a_folder_or_file_that_is_no_bundle_is_told(tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    file.write_text("image,label\n", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "nothing", file):
        with pytest.raises(BundleError, match="there is no bundle here"):
            linnaeus.load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b'{"classes": []}'])
def test_a_record_that_cannot_be_understood_is_told(bundle: Path, content: bytes) -> None:
    (bundle / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"bundle\.json: it cannot be understood"):
        linnaeus.load(bundle)


def test_an_unknown_field_is_refused_rather_than_dropped(bundle: Path) -> None:
    rewrite(bundle, threshold=0.9)
    with pytest.raises(BundleError, match="threshold"):
        linnaeus.load(bundle)


# Golden inputs


def test_other_golden_answers_are_refused(bundle: Path) -> None:
    golden = load_file(bundle / "golden.safetensors")
    answers = golden["probabilities.float32"]
    save_file(
        {**golden, "probabilities.float32": np.ascontiguousarray(answers[:, ::-1])},
        bundle / "golden.safetensors",
    )
    write_manifest(bundle)
    with pytest.raises(BundleError, match="answers the golden inputs differently"):
        linnaeus.load(bundle)


def test_another_graph_in_its_place_is_refused(bundle: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(bundle / "model.onnx")
    bias = next(i for i in model.graph.initializer if i.name == "head.bias")
    shifted = onnx.numpy_helper.to_array(bias) + np.linspace(0, 9, 10, dtype=np.float32)
    bias.CopyFrom(onnx.numpy_helper.from_array(shifted, bias.name))
    onnx.save(model, bundle / "model.onnx")
    write_manifest(bundle)
    with pytest.raises(BundleError, match="golden"):
        linnaeus.load(bundle)


@pytest.mark.parametrize("spoilt", [b"", b"\x10\x00\x00\x00\x00\x00\x00\x00not safetensors"])
def test_golden_inputs_that_cannot_be_read_are_told(bundle: Path, spoilt: bytes) -> None:
    (bundle / "golden.safetensors").write_bytes(spoilt)
    write_manifest(bundle)
    with pytest.raises(BundleError, match=r"golden\.safetensors: the golden inputs"):
        linnaeus.load(bundle)


def test_what_promises_rest_on_is_told_where_part_of_it_is_missing(bundle: Path) -> None:
    file = bundle / "held_out.safetensors"
    kept = load_file(file)
    del kept["lac"]
    save_file(kept, file)
    write_manifest(bundle)
    with pytest.raises(BundleError, match=r"what it keeps of held-out .*damaged: 'lac'.*Copy"):
        linnaeus.load(bundle)


def test_golden_inputs_without_pictures_are_told(bundle: Path) -> None:
    for pixels, answers in ((0, 0), (2, 2)):
        tensors = {
            "pixels": np.zeros((pixels, 8, 8, 3), np.uint8),
            "probabilities.float32": np.zeros((answers, 3), np.float32),
        }
        save_file(tensors, bundle / "golden.safetensors")
        write_manifest(bundle)
        with pytest.raises(BundleError, match="golden inputs cannot be used"):
            linnaeus.load(bundle)


@pytest.mark.parametrize("spoilt", [b"", b"not a graph"])
def test_a_graph_that_no_runtime_takes_is_told(bundle: Path, spoilt: bytes) -> None:
    (bundle / "model.onnx").write_bytes(spoilt)
    write_manifest(bundle)
    with pytest.raises(BundleError, match="refuses it"):
        linnaeus.load(bundle)


def test_every_runtime_gives_the_same_answers(
    bundle: Path, digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    pytest.importorskip("openvino")
    contents = [some_digits.source.read(path) for path in some_digits.paths[:30]]
    answers = {}
    for engine in ("openvino", "onnxruntime"):
        serving = {"engine": engine, "engine_version": "", "precision": "float32", "why": "asked"}
        rewrite(bundle, serving=serving)
        classifier = linnaeus.load(bundle)
        assert classifier.engine == engine
        answers[engine] = classifier.predict(contents).probabilities
    assert np.abs(answers["openvino"] - answers["onnxruntime"]).max() < 1e-4
