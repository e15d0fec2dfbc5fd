"""A graph in whole numbers, computed in float32: for programs that take no such graph as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import BundleError

__all__ = ["in_floats"]


def in_floats(model: Any) -> bool:
    """Put float32 operators in the place of those that round to whole numbers and back.

    Weights become the numbers that their whole numbers stand for. What passes between layers is
    still rounded to the steps of its whole numbers and cut off at their ends: without, a
    MobileNetV2 called 3 of 100 pictures otherwise than its bundle, with it none. Changes the ONNX
    model in place; whether there was anything to change. Raises BundleError for whole numbers that
    are computed with as such.
    """
    graph = model.graph
    if not any(node.op_type in ROUNDING for node in graph.node):
        return False
    constants = _Constants(graph)
    nodes = [made for node in graph.node for made in _in_floats(node, constants)]
    del graph.node[:]
    graph.node.extend(nodes)
    constants.leave_out_unused()
    return True


ROUNDING = ("QuantizeLinear", "DequantizeLinear")


class _Constants:
    """The constants of a graph, to which others are added."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self._graph = graph
        self._values: dict[str, NDArray[Any]] = {
            one.name: numpy_helper.to_array(one) for one in graph.initializer
        }
        self.rounded: dict[str, float] = {}  # and the zero points that were taken off

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._values[name]

    def add(self, name: str, values: Any) -> str:
        """Add a float32 constant; its name."""
        from onnx import numpy_helper

        self._graph.initializer.append(
            numpy_helper.from_array(np.asarray(values, np.float32), name)
        )
        return name

    def leave_out_unused(self) -> None:
        """Remove those that no node takes any more."""
        wanted = {name for node in self._graph.node for name in node.input}
        kept = [one for one in self._graph.initializer if one.name in wanted]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)


def _in_floats(node: Any, constants: _Constants) -> Iterator[Any]:
    """The nodes that do in float32 what `node` does."""
    if node.op_type == "QuantizeLinear":
        yield from _rounded(node, constants)
    elif node.op_type == "DequantizeLinear" and node.input[0] in constants:
        constants.add(node.output[0], _wide(node, constants))
    elif node.op_type == "DequantizeLinear" and node.input[0] not in constants.rounded:
        yield from _widened(node, constants)
    elif node.op_type == "DequantizeLinear":
        yield from _scaled(node, constants)
    elif any(name in constants.rounded for name in node.input):
        raise BundleError(
            f"its graph computes with whole numbers ({node.op_type}), which this form does not",
            where=node.name or node.output[0],
            mend="Export it to onnx or openvino.",
        )
    else:
        yield node


def _rounded(node: Any, constants: _Constants) -> Iterator[Any]:
    """The whole numbers of a QuantizeLinear, less their zero point, as float32.

    What lies between two of them goes to the upper, and not to the even one as there: onnx2tf knows
    no other rounding on its way to a SavedModel.
    """
    from onnx import helper

    given, made = node.input[0], node.output[0]
    step, zero = _step_and_zero(node, constants)
    kind = np.iinfo(zero.dtype)
    ends = [float(end) - float(zero) for end in (kind.min, kind.max)]
    names = [
        constants.add(f"{made}_{name}", value)
        for name, value in zip(("step", "half", "least", "most"), (step, 0.5, *ends), strict=True)
    ]
    constants.rounded[made] = float(zero)
    yield helper.make_node("Div", [given, names[0]], [f"{made}_steps"], f"{made}_steps")
    yield helper.make_node("Add", [f"{made}_steps", names[1]], [f"{made}_above"], f"{made}_above")
    yield helper.make_node("Floor", [f"{made}_above"], [f"{made}_whole"], f"{made}_whole")
    yield helper.make_node("Clip", [f"{made}_whole", *names[2:]], [made], f"{made}_clipped")


def _scaled(node: Any, constants: _Constants) -> Iterator[Any]:
    """The numbers that `_rounded` ones stand for, from a zero point that may be another."""
    from onnx import helper

    given, (made,) = node.input[0], node.output
    step, zero = _step_and_zero(node, constants)
    further = constants.rounded[given] - float(zero)
    if further:
        name = constants.add(f"{made}_zeros", further)
        yield helper.make_node("Add", [given, name], [f"{made}_from_there"], f"{made}_from_there")
        given = f"{made}_from_there"
    name = constants.add(f"{made}_step", step)
    yield helper.make_node("Mul", [given, name], [made], f"{made}_is")


def _widened(node: Any, constants: _Constants) -> Iterator[Any]:
    """The numbers that the graph's own whole numbers, its pixels, stand for."""
    from onnx import TensorProto, helper

    step, zero = _step_and_zero(node, constants)
    given, (made,) = node.input[0], node.output
    names = [constants.add(f"{made}_{name}", one) for name, one in (("zero", zero), ("step", step))]
    yield helper.make_node("Cast", [given], [f"{made}_wide"], f"{made}_wide", to=TensorProto.FLOAT)
    yield helper.make_node("Sub", [f"{made}_wide", names[0]], [f"{made}_moved"], f"{made}_moved")
    yield helper.make_node("Mul", [f"{made}_moved", names[1]], [made], f"{made}_is")


def _step_and_zero(node: Any, constants: _Constants) -> tuple[NDArray[Any], NDArray[Any]]:
    """The step and the zero point of a node for what passes between layers: one each."""
    step = constants[node.input[1]]
    zero = constants[node.input[2]] if len(node.input) > 2 else np.zeros((), np.uint8)
    if step.size != 1:
        raise BundleError(
            "its graph has another step for each channel between layers, which this form does not",
            where=node.name or node.output[0],
            mend="Export it to onnx or openvino.",
        )
    return step.reshape(()), zero.reshape(())


def _wide(node: Any, constants: _Constants) -> NDArray[np.float32]:
    """The numbers that a constant in whole numbers stands for, one step a channel or in all."""
    whole, step = (constants[name].astype(np.float64) for name in node.input[:2])
    zero = constants[node.input[2]].astype(np.float64) if len(node.input) > 2 else np.zeros(())
    axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
    shape = [1] * whole.ndim
    if step.size > 1:
        shape[axis if whole.ndim > 1 else 0] = -1
    wide: NDArray[np.float64] = (whole - _along(zero, shape)) * _along(step, shape)
    return wide.astype(np.float32)


def _along(values: NDArray[np.float64], shape: list[int]) -> NDArray[np.float64]:
    return values.reshape(shape) if values.size > 1 else values.reshape(())
