"""Whole numbers come nearer to the float network where weights make up for each other's errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from linnaeus.compression.halves import halved_graph
from linnaeus.compression.int8 import LAYERS, in_whole_numbers
from linnaeus.compression.means import means_as_they_lie
from linnaeus.compression.rounding import well_rounded
from linnaeus.errors import Shortfall

SIDE = 12
Floats = NDArray[np.float32]


def graph_of(random: np.random.Generator, *, large: float = 1.0, biased: bool = True) -> bytes:
    """Convolution, depthwise, pointwise, then the second moments of places, and a head."""
    shapes = {"a": (16, 3, 3, 3), "b": (16, 1, 3, 3), "c": (24, 16, 1, 1)}
    constants = {name: random.normal(0, 0.3, shape) for name, shape in shapes.items()}
    constants |= {f"{name}.bias": random.normal(0, 0.1, len(constants[name])) for name in shapes}
    constants |= {"scale": 64.0, "two": 2.0, "weight": random.normal(0, 1, (24, 5)) * large}
    initializers = [
        numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in constants.items()
    ]
    initializers.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    initializers.append(numpy_helper.from_array(np.array([0, 24, -1], np.int64), "shape"))
    nodes = [
        helper.make_node("Cast", ["pixels"], ["wide"], "cast", to=TensorProto.FLOAT),
        helper.make_node("Div", ["wide", "scale"], ["scaled"], "div"),
        helper.make_node("Transpose", ["scaled"], ["first"], "turn", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "a", "a.bias"], ["x"], "A", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["x"], ["xr"], "relu"),
        helper.make_node(
            "Conv", ["xr", "b", "b.bias"], ["y"], "B", group=16, strides=[2, 2], pads=[0, 0, 1, 1]
        ),
        helper.make_node("Relu", ["y"], ["yr"], "relu too"),
        helper.make_node("Conv", ["yr", "c", "c.bias"], ["z"], "C"),
        helper.make_node("Reshape", ["z", "shape"], ["flat"], "flatten"),
        helper.make_node("Transpose", ["flat"], ["turned"], "turn around", perm=[0, 2, 1]),
        helper.make_node("Pow", ["turned", "two"], ["squares"], "square"),
        helper.make_node("ReduceMean", ["squares", "axis"], ["features"], "mean", keepdims=0),
        helper.make_node("MatMul", ["features", "weight"], ["logits"], "head"),
    ]
    for node in nodes if not biased else ():
        if node.op_type == "Conv":
            del node.input[2:]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 5]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 24]),
        ],
        initializers,
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def features(graph: bytes, pictures: NDArray[np.uint8]) -> Floats:
    """As the graph says them, nothing fused, so that every processor computes the same."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    given: Floats = session.run(["features"], {"pixels": pictures})[0]
    return given


def rounded_each_for_itself(graph: bytes, pictures: NDArray[np.uint8], folder: Path) -> bytes:
    class Reader(CalibrationDataReader):
        left = iter(pictures)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            one = next(self.left, None)
            return None if one is None else {"pixels": one[None]}

    (folder / "given.onnx").write_bytes(graph)
    quantize_static(
        folder / "given.onnx",
        folder / "made.onnx",
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(LAYERS),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return (folder / "made.onnx").read_bytes()


def test_weights_that_make_up_for_each_other_come_nearer(tmp_path: Path) -> None:
    errors = []
    for seed in range(3):
        random = np.random.default_rng(seed)
        graph = graph_of(random)
        pictures = random.integers(0, 256, (40, SIDE, SIDE, 1), np.uint8)
        pictures = np.repeat(pictures, 3, axis=3) // 2 + random.integers(0, 64, 3, np.uint8)
        seen, new = pictures[:30].astype(np.uint8), pictures[30:].astype(np.uint8)
        exact = features(graph, new)
        ours = in_whole_numbers(graph, list(seen), seed)
        theirs = rounded_each_for_itself(graph, seen, tmp_path)
        errors.append([np.square(features(one, new) - exact).mean() for one in (ours, theirs)])
        whole = [
            numpy_helper.to_array(one)
            for one in onnx.load_from_string(ours).graph.initializer
            if one.data_type == TensorProto.INT8 and len(one.dims) == 4
        ]
        assert len(whole) == 3
        assert max(int(np.abs(one.astype(int)).max()) for one in whole) <= 64
    ours_mean, theirs_mean = np.mean(errors, axis=0)
    assert ours_mean < 0.7 * theirs_mean


def test_convolutions_without_biases_stay_as_they_were_rounded() -> None:
    random = np.random.default_rng(0)
    pictures = list(random.integers(0, 256, (3, SIDE, SIDE, 3), np.uint8))
    model = onnx.load_from_string(graph_of(random, biased=False))
    assert well_rounded(model, model, pictures, seed=0) == model
    exact = features(model.SerializeToString(), np.stack(pictures))
    whole = features(in_whole_numbers(model.SerializeToString(), pictures, 0), np.stack(pictures))
    assert np.abs(whole - exact).max() < 0.1 * np.abs(exact).max()


def test_means_are_taken_without_turning_and_are_the_same() -> None:
    random = np.random.default_rng(0)
    graph = graph_of(random)
    pictures = random.integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
    model = onnx.load_from_string(graph)
    means_as_they_lie(model)
    assert [list(n.attribute[0].ints) for n in model.graph.node if n.op_type == "Transpose"] == [
        [0, 3, 1, 2]
    ]
    assert all(node.op_type != "Reshape" for node in model.graph.node)
    again = features(model.SerializeToString(), pictures)
    assert np.allclose(again, features(graph, pictures), rtol=1e-5)


def test_a_flattening_that_more_than_means_follow_is_left_alone() -> None:
    graph = onnx.load_from_string(graph_of(np.random.default_rng(0)))
    graph.graph.node.append(helper.make_node("Softmax", ["turned"], ["else"], "else", axis=1))
    before = graph.SerializeToString()
    means_as_they_lie(graph)
    assert graph.SerializeToString() == before


def with_large_weights(graph: bytes) -> bytes:
    wide = onnx.load_from_string(graph)
    for one in wide.graph.initializer:
        if one.name == "a":
            one.CopyFrom(numpy_helper.from_array(np.full((16, 3, 3, 3), 1e6, np.float32), "a"))
    return wide.SerializeToString()


def test_weights_too_large_for_float16_are_refused_and_bfloat16_takes_them() -> None:
    graph = graph_of(np.random.default_rng(0))
    small = halved_graph(graph, "float16")
    assert len(small) < len(graph)
    onnx.checker.check_model(onnx.load_from_string(small))
    wide = with_large_weights(graph)
    with pytest.raises(Shortfall, match="beyond 65,504"):
        halved_graph(wide, "float16")
    pictures = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), np.uint8)
    coarse = halved_graph(wide, "bfloat16")
    assert len(coarse) == len(halved_graph(graph, "bfloat16")) < len(graph)
    exact = features(wide, pictures)
    given = features(coarse, pictures)
    assert np.abs(given - exact).sum() < 0.02 * np.abs(exact).sum()  # 2^-8 a weight, squared
