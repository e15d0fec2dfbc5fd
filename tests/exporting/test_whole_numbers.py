"""A bundle in whole numbers goes wherever a float one does, or is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
import onnxruntime
from onnx import TensorProto

import linnaeus
from linnaeus.compression.compressed import Compressed
from linnaeus.errors import BundleError
from linnaeus.exporting.answer_graph import answer_graph
from linnaeus.exporting.compared import pictures_to_compare
from linnaeus.exporting.float_graph import in_floats
from linnaeus.exporting.source import opened


@pytest.mark.parametrize("preprocessing", [True, False], ids=["pixels", "normalised"])
def test_an_onnx_graph_keeps_its_whole_numbers(
    preprocessing: bool, in_int8: Compressed, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    made = linnaeus.export(
        in_int8.folder, "onnx", out=out, data=some_digits, preprocessing=preprocessing
    )
    assert made.held.pictures == 100
    assert made.held.agreement >= 0.98
    kinds = {one.data_type for one in onnx.load(out / "model.onnx").graph.initializer}
    assert TensorProto.INT8 in kinds
    pixels = pictures_to_compare(opened(in_int8.bundle), some_digits, seed=1).pixels
    told = json.loads((out / "export.json").read_text("utf-8"))["input"]
    given = pixels
    if not preprocessing:
        given = (pixels.astype(np.float32) - np.float32(told["mean"])) / np.float32(told["std"])
        given = given.transpose(0, 3, 1, 2)
    session = onnxruntime.InferenceSession(out / "model.onnx")
    (answers,) = session.run(None, {told["name"]: given})
    expected = [one.probabilities for one in linnaeus.load(in_int8.bundle).predict_pixels(pixels)]
    assert (answers.argmax(axis=1) == np.stack(expected).argmax(axis=1)).mean() >= 0.98


def test_openvino_files_keep_their_whole_numbers(
    in_int8: Compressed, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    pytest.importorskip("openvino")
    made = linnaeus.export(in_int8.folder, "openvino", out=tmp_path / "v", data=some_digits)
    assert made.held.agreement >= 0.98
    assert "i8" in (tmp_path / "v" / "model.xml").read_text("utf-8")
    graph_bytes = (in_int8.bundle / "model.onnx").stat().st_size
    assert (tmp_path / "v" / "model.bin").stat().st_size < graph_bytes


def test_floats_do_what_whole_numbers_did(
    in_int8: Compressed, some_digits: linnaeus.Dataset
) -> None:
    """For LiteRT and TensorFlow; another way to round than the runtime's own is in it."""
    source = opened(in_int8.bundle)
    pixels = pictures_to_compare(source, some_digits, seed=2).pixels
    model = onnx.load_from_string(answer_graph(source.record, source.graph()))
    assert in_floats(model)
    assert not {"QuantizeLinear", "DequantizeLinear"} & {node.op_type for node in model.graph.node}
    assert all(one.data_type != TensorProto.INT8 for one in model.graph.initializer)
    onnx.checker.check_model(model, full_check=True)
    (given,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"pixels": pixels})
    expected = [one.probabilities for one in source.classifier.predict_pixels(pixels)]
    assert np.abs(given - np.stack(expected)).max() < 0.02
    assert not in_floats(model)


def test_torch_is_refused_in_a_sentence(in_int8: Compressed, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"whole numbers.*export the bundle it was made from"):
        linnaeus.export(in_int8.folder, "torch", out=tmp_path / "t")
    assert not (tmp_path / "t").exists()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["docker", "lambda", "wheel"])
def test_what_answers_by_linnaeus_answers_in_whole_numbers(
    target: str, in_int8: Compressed, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    made = linnaeus.export(in_int8.folder, target, out=tmp_path / "x", data=some_digits)
    assert made.held.pictures == 100
    assert made.held.agreement >= 0.98
