"""The first convolution reads pixels as they are, and gives what it gave of scaled ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import numpy_helper

from linnaeus.compression.first_layer import one_scale
from linnaeus.compression.int8 import in_whole_numbers

SIDE = 8
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
ALIKE = ([127.5] * 3, [127.5] * 3)


def graph_of(mean: list[float], std: list[float], pads: int) -> onnx.ModelProto:
    """Pixels, scaled as networks do it, then a convolution and the mean of its map."""
    model = onnx.parser.parse_model(
        f"""<ir_version: 10, opset_import: ["" : 20]>
        small (uint8[n, {SIDE}, {SIDE}, 3] pixels) => (float[n, 16] features) {{
            wide = Cast <to = 1> (pixels)
            moved = Sub (wide, mean)
            scaled = Div (moved, std)
            first = Transpose <perm = [0, 3, 1, 2]> (scaled)
            map = Conv <pads = [{pads}, {pads}, {pads}, {pads}]> (first, weight, bias)
            features = ReduceMean <keepdims = 0> (map, axes)
        }}"""
    )
    random = np.random.default_rng(0)
    constants = {
        "mean": np.array(mean, np.float32),
        "std": np.array(std, np.float32),
        "weight": random.normal(0, 0.3, (16, 3, 3, 3)).astype(np.float32),
        "bias": random.normal(0, 0.3, 16).astype(np.float32),
        "axes": np.array([2, 3], np.int64),
    }
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    for place, node in enumerate(model.graph.node):
        node.name = f"{node.op_type} {place}"
    return model


def features(model: onnx.ModelProto, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As the graph says them, nothing fused."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given: NDArray[np.float32] = session.run(["features"], {"pixels": pictures})[0]
    return given


def pictures(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


@pytest.mark.parametrize(("mean", "std"), [IMAGENET, ALIKE])
def test_one_scale_for_all_channels_changes_no_answer(mean: list[float], std: list[float]) -> None:
    model = graph_of(mean, std, pads=0)
    before = features(model, pictures(4))
    assert one_scale(model) is not None
    assert np.allclose(features(model, pictures(4)), before, atol=1e-5)


def test_what_pads_a_picture_is_a_level_that_is_near_each_channels_mean() -> None:
    model = graph_of(*IMAGENET, pads=1)
    before = features(model, pictures(4))
    scaled = one_scale(model)
    assert scaled is not None
    assert scaled.level == 114  # the mean of 123.7, 116.3 and 103.5
    given = features(model, pictures(4))
    assert not np.allclose(given, before, atol=1e-5)
    assert np.abs(given - before).mean() < 0.1 * before.std()


def test_another_beginning_is_left_as_it_is() -> None:
    model = graph_of(*IMAGENET, pads=0)
    (scaling,) = (node for node in model.graph.node if node.op_type == "Div")
    scaling.input[:] = [scaling.input[1], scaling.input[0]]  # a constant over the pixels
    before = model.SerializeToString()
    assert one_scale(model) is None
    assert model.SerializeToString() == before


def test_whole_numbers_are_reckoned_from_the_pixels_themselves() -> None:
    model = graph_of(*IMAGENET, pads=0)
    made = onnx.load_from_string(
        in_whole_numbers(model.SerializeToString(), list(pictures(8)), seed=0)
    )
    (user,) = (node for node in made.graph.node if "pixels" in node.input)
    assert user.op_type == "DequantizeLinear"
    constants = {one.name: numpy_helper.to_array(one) for one in made.graph.initializer}
    assert constants[user.input[2]] == 114
    new = pictures(40)[8:]
    exact = features(model, new)
    error = np.square(features(made, new) - exact).mean()
    assert error < 0.01 * exact.var()
