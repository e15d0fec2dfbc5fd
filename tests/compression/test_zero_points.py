"""A zero point in a convolution's bias gives the same numbers as one that is subtracted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import numpy_helper

from linnaeus.compression.zero_points import zeros_in_biases
from linnaeus.exporting.float_graph import in_floats

STEP = 0.05
ZERO = 77


def graph_of(pads: int) -> onnx.ModelProto:
    """Whole numbers into a convolution and, from their own zero, past it."""
    model = onnx.parser.parse_model(
        f"""<ir_version: 10, opset_import: ["" : 20]>
        small (float[1, 4, 6, 6] given) => (float[1, 8, h, w] map, float[1, 4, 6, 6] past) {{
            whole = QuantizeLinear (given, step, zero)
            past = DequantizeLinear (whole, step, zero)
            weight = DequantizeLinear <axis = 0> (whole_weight, weight_step, weight_zero)
            bias = DequantizeLinear <axis = 0> (whole_bias, bias_step, bias_zero)
            map = Conv <pads = [{pads}, {pads}, {pads}, {pads}]> (past, weight, bias)
        }}"""
    )
    random = np.random.default_rng(0)
    steps = random.uniform(0.01, 0.02, 8).astype(np.float32)
    constants = {
        "step": np.float32(STEP),
        "zero": np.uint8(ZERO),
        "whole_weight": random.integers(-64, 65, (8, 4, 3, 3)).astype(np.int8),
        "weight_step": steps,
        "weight_zero": np.zeros(8, np.int8),
        "whole_bias": random.integers(-5000, 5000, 8).astype(np.int32),
        "bias_step": steps * np.float32(STEP),
        "bias_zero": np.zeros(8, np.int32),
    }
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    for node in model.graph.node:
        node.name = f"makes {node.output[0]}"
    return model


def answers(model: onnx.ModelProto) -> list[NDArray[np.float32]]:
    """As the graph says them, nothing fused."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = np.random.default_rng(1).normal(0, 3, (1, 4, 6, 6)).astype(np.float32)
    made: list[NDArray[np.float32]] = session.run(["map", "past"], {"given": given})
    return made


def zeros(model: onnx.ModelProto) -> list[int]:
    """The zero points of what is given to something."""
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    widened = (node for node in model.graph.node if node.op_type == "DequantizeLinear")
    return [int(constants[node.input[2]]) for node in widened if node.input[0] == "whole"]


def test_a_zero_point_moves_into_the_bias_and_no_number_changes() -> None:
    model = graph_of(pads=0)
    before = answers(model)
    assert zeros_in_biases(model) == 1
    onnx.checker.check_model(model, full_check=True)
    assert zeros(model) == [ZERO, 0]
    for one, other in zip(answers(model), before, strict=True):
        assert np.allclose(one, other, atol=1e-3 * np.abs(other).max())


def test_where_zeros_pad_the_map_it_stays() -> None:
    model = graph_of(pads=1)
    before = model.SerializeToString()
    assert zeros_in_biases(model) == 0
    assert model.SerializeToString() == before


def test_in_floats_both_zeros_of_a_value_are_kept() -> None:
    model = graph_of(pads=0)
    zeros_in_biases(model)
    before = answers(model)
    assert in_floats(model)
    for one, other in zip(answers(model), before, strict=True):
        assert np.allclose(one, other, atol=1e-3 * np.abs(other).max())
