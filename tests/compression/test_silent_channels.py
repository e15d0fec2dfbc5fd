"""Channels that no picture moves from 0 are taken out, and nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import numpy_helper

from linnaeus.compression.silent_channels import without_silent_channels

SIDE = 8
SILENT = np.arange(1, 20, 2)  # ten of 32
MAPS = "first = Transpose <perm = [0, 3, 1, 2]> (scaled)"


def graph_of(*, by: str, extra: str = "") -> onnx.ModelProto:
    """A convolution, one of each channel for itself, and one of 1 × 1 over both; `by` "depth" the
    second keeps `SILENT` at 0, by "first" the first does, by "little" it nearly does."""
    model = onnx.parser.parse_model(
        f"""<ir_version: 10, opset_import: ["" : 20]>
        small (uint8[n, {SIDE}, {SIDE}, 3] pixels) => (float[n, 16] features) {{
            wide = Cast <to = 1> (pixels)
            scaled = Div (wide, std)
            {MAPS}
            a = Conv <pads = [1, 1, 1, 1]> (first, wa, ba)
            ra = Clip (a, zero, six)
            b = Conv <group = 32, pads = [1, 1, 1, 1]> (ra, wb, bb)
            rb = Clip (b, zero, six)
            {extra}
            c = Conv (rb, wc, bc)
            features = ReduceMean <keepdims = 0> (c, axes)
        }}"""
    )
    random = np.random.default_rng(0)
    shapes = {"a": (32, 3, 3, 3), "b": (32, 1, 3, 3), "c": (16, 32, 1, 1)}
    constants = {f"w{name}": random.normal(0, 0.5, shape) for name, shape in shapes.items()}
    constants |= {f"b{name}": random.normal(0.3, 0.3, len(constants[f"w{name}"])) for name in "abc"}
    constants |= {"std": 64.0, "zero": 0.0, "six": 6.0}
    if by in ("depth", "little"):
        constants["wb"][SILENT] = -1.0
        constants["bb"][SILENT] = -0.1 if by == "depth" else 0.1
    else:
        constants["wa"][SILENT] = 0.0
        constants["ba"][SILENT] = -1.0
        constants["bb"][SILENT] = 0.0
    for name, value in constants.items():
        array = np.asarray(value, np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    model.graph.initializer.append(numpy_helper.from_array(np.array([2, 3], np.int64), "axes"))
    return model


def features(model: onnx.ModelProto) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    pictures = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
    given: NDArray[np.float32] = session.run(["features"], {"pixels": pictures})[0]
    return given


def shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    return {one.name: tuple(one.dims) for one in model.graph.initializer if one.name[0] in "wb"}


@pytest.mark.parametrize("by", ["depth", "first"])
def test_silent_channels_leave_and_the_answers_stay(by: str) -> None:
    model = graph_of(by=by)
    before = features(model)
    assert without_silent_channels(model) == 8  # of ten, so that 8 divides what is left
    onnx.checker.check_model(model)
    assert shapes(model) == {
        "wa": (24, 3, 3, 3),
        "ba": (24,),
        "wb": (24, 1, 3, 3),
        "bb": (24,),
        "wc": (16, 24, 1, 1),
        "bc": (16,),
    }
    assert np.allclose(features(model), before, atol=1e-5)


def test_a_channel_that_a_picture_could_move_stays() -> None:
    model = graph_of(by="little")
    assert without_silent_channels(model) == 0
    assert shapes(model)["wa"] == (32, 3, 3, 3)


def test_a_map_that_something_else_looks_at_stays_whole() -> None:
    model = graph_of(by="depth", extra="other = Relu (rb)")
    assert without_silent_channels(model) == 0
