"""Zero points of what convolutions are given, put into their biases.

Whole numbers q stand for (q - zero) × step. Where a convolution pads nothing, what the zero takes
away is the same at every place: the zero times the sum of the weights. Kernels that subtract it
everywhere take a little longer: 1 to 4 % of a whole MobileNetV2, by OpenVINO with AVX2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["zeros_in_biases"]


def zeros_in_biases(quantised: Any) -> int:
    """Let convolutions of the QDQ graph `quantised` that pad nothing be given zeros at 0; how many.

    Their biases, whole numbers in steps of weights times inputs, take on exactly what is missing.
    """
    from onnx import helper, numpy_helper

    graph = quantised.graph
    constants = {one.name: one for one in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    changed = 0
    for node in list(graph.node):
        parts = _parts(node, makers, constants)
        if parts is None:
            continue
        given, weight, bias = parts
        zero = int(numpy_helper.to_array(constants[given.input[2]]))
        whole = numpy_helper.to_array(constants[weight.input[0]]).astype(np.int64)
        kept = constants[bias.input[0]]
        moved = numpy_helper.to_array(kept).astype(np.int64)
        moved = moved - zero * whole.reshape(len(whole), -1).sum(axis=1)
        if zero == 0 or np.abs(moved).max() > np.iinfo(np.int32).max:
            continue
        kept.CopyFrom(numpy_helper.from_array(moved.astype(np.int32), kept.name))
        name = f"{node.name}_from_0"
        inputs = [*given.input[:2], _zero(graph)]
        widened = helper.make_node("DequantizeLinear", inputs, [name], name)
        graph.node.insert(list(graph.node).index(node), widened)
        node.input[0] = name
        changed += 1
    return changed


def _parts(
    node: Any, makers: dict[str, Any], constants: dict[str, Any]
) -> tuple[Any, Any, Any] | None:
    """What widens the input, the weights and the bias of a convolution that pads nothing."""
    if node.op_type != "Conv" or len(node.input) != 3:
        return None
    said = {one.name: one for one in node.attribute}
    padded = "pads" in said and any(said["pads"].ints)
    padded = padded or ("auto_pad" in said and said["auto_pad"].s not in (b"NOTSET", b"VALID"))
    parts = [makers[name] for name in node.input if name in makers]
    if padded or [one.op_type for one in parts] != ["DequantizeLinear"] * 3:
        return None
    given, weight, bias = parts
    whole = all(one.input[0] in constants for one in (weight, bias))
    one_zero = constants.get(given.input[2]) if len(given.input) > 2 else None
    if not whole or one_zero is None or one_zero.dims:
        return None
    return given, weight, bias


def _zero(graph: Any) -> str:
    """The name of the constant 0 of 8 bits, added where it is not there."""
    from onnx import numpy_helper

    name = "zero of 8 bits"
    if all(one.name != name for one in graph.initializer):
        graph.initializer.append(numpy_helper.from_array(np.array(0, np.uint8), name))
    return name
