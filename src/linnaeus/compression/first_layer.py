"""The first convolution of a graph, made to read the pixels themselves.

Pixels are whole numbers of 8 bits already. Scaled for each channel, they would be rounded a second
time, and the scaling alone takes ONNX Runtime a sixth of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scaled", "one_scale", "read_as_they_are"]

CHANNELS_FIRST = [0, 3, 1, 2]

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Scaled:
    """What the first convolution is given: (pixel - `level`) × `step`, under the name `name`.

    `level`: the whole number of 0 to 255 that stands for 0, at the picture's edges too.
    """

    name: str
    level: int
    step: float

    def quantisation(self) -> list[dict[str, Any]]:
        """The scale and the zero under which the pixels stay what they are."""
        step, level = np.array(self.step, np.float32), np.array(self.level, np.uint8)
        return [{"scale": step, "zero_point": level}]


def one_scale(model: Any) -> Scaled | None:
    """Scale all channels alike in the ONNX `model`; the first weights make up for the difference.

    Where a convolution pads the picture, it pads with one level in place of each channel's own
    mean: for those of ImageNet a difference of 12 levels of 255 in the outermost pixels, for means
    that are alike none. None, and nothing changed, where the graph does not begin with a scaling
    and a convolution of its own.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    constants = {one.name: one for one in graph.initializer}
    path = _to_the_convolution(graph, constants)
    if path is None:
        return None
    *scaling, turn, convolution = path
    slope, offset = _affine(scaling, constants)
    level = int(np.clip(np.round((-offset / slope).mean()), 0, 255))
    step = float(np.float32(slope.mean()))
    _make_up(convolution, slope / step, slope * level + offset, constants, graph)
    place = list(graph.node).index(scaling[0])
    for node in scaling[1:]:
        graph.node.remove(node)
    wide = scaling[0].output[0]
    for name, value in (("level of 0", level), ("step of a level", step)):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    moved, scaled = "pixels from 0 on", "pixels on one scale"
    graph.node.insert(place + 1, helper.make_node("Sub", [wide, "level of 0"], [moved]))
    graph.node.insert(place + 2, helper.make_node("Mul", [moved, "step of a level"], [scaled]))
    turn.input[0] = scaled
    return Scaled(turn.output[0], level, step)


def read_as_they_are(quantised: Any, scaled: Scaled) -> None:
    """Let the first convolution of `quantised` be given the pixels, with what a level stands for.

    In place of widening, scaling and rounding them to the same whole numbers again.
    """
    graph = quantised.graph
    makers = {name: node for node in graph.node for name in node.output}
    turn = makers[scaled.name]
    (rounding,) = (one for one in graph.node if scaled.name in one.input)
    (widening,) = (one for one in graph.node if rounding.output[0] in one.input)
    scaling = [makers[turn.input[0]]]
    while scaling[-1].op_type != "Cast":
        scaling.append(makers[scaling[-1].input[0]])
    given, taken = scaling[-1].input[0], widening.output[0]
    for one in (*scaling, turn, rounding, widening):
        graph.node.remove(one)
    widening.input[0], widening.output[0] = given, "pixels as numbers"
    turn.input[0], turn.output[0] = "pixels as numbers", taken
    graph.node.insert(0, widening)
    graph.node.insert(1, turn)
    del graph.value_info[:]  # shapes that are no more


def _to_the_convolution(graph: Any, constants: dict[str, Any]) -> list[Any] | None:
    """The nodes from the widening of the pixels to the first convolution; None of another kind."""
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    casts = [one for one in users.get(graph.input[0].name, []) if one.op_type == "Cast"]
    if len(casts) != 1:
        return None
    path = casts
    while path[-1].op_type != "Conv":
        following = users.get(path[-1].output[0], [])
        if len(following) != 1 or not _can_follow(following[0], path, constants):
            return None
        path.append(following[0])
    weights = constants[path[-1].input[1]]
    alone = all(len(users[name]) == 1 for name in path[-1].input[1:])
    return path if alone and len(weights.dims) == 4 and weights.dims[1] > 1 else None


def _can_follow(node: Any, path: list[Any], constants: dict[str, Any]) -> bool:
    """Whether a way to the first convolution may go on with `node`."""
    before = path[-1].output[0]
    turned = path[-1].op_type == "Transpose"
    if node.op_type == "Conv":
        return turned and node.input[0] == before and {*node.input[1:]} <= {*constants}
    if node.op_type == "Transpose":
        return list(node.attribute[0].ints) == CHANNELS_FIRST
    if turned or node.op_type not in ("Sub", "Div", "Mul", "Add"):
        return False
    one, other = node.input
    constant = other if one == before else one
    if node.op_type in ("Sub", "Div") and one != before:
        return False
    return constant in constants and len(constants[constant].dims) <= 1


def _affine(scaling: list[Any], constants: dict[str, Any]) -> tuple[Doubles, Doubles]:
    """(slope, offset), each () or (channels,), of what `scaling` makes of a pixel."""
    from onnx import numpy_helper

    slope, offset = np.ones(1), np.zeros(1)
    for node in scaling[1:]:
        (constant,) = (constants[one] for one in node.input if one in constants)
        value = numpy_helper.to_array(constant).astype(np.float64)
        match node.op_type:
            case "Sub":
                offset = offset - value
            case "Add":
                offset = offset + value
            case "Mul":
                slope, offset = slope * value, offset * value
            case "Div":
                slope, offset = slope / value, offset / value
    return slope, offset


def _make_up(
    convolution: Any, gain: Doubles, shift: Doubles, constants: dict[str, Any], graph: Any
) -> None:
    """Let `convolution` give for x what it gave for `gain` × x + `shift`, one each a channel."""
    from onnx import numpy_helper

    kept = constants[convolution.input[1]]
    weight = numpy_helper.to_array(kept).astype(np.float64)
    shifted = np.broadcast_to(shift, weight.shape[1])
    bias = (weight.sum(axis=(2, 3)) @ shifted).astype(np.float32)
    if len(convolution.input) == 3:
        there = constants[convolution.input[2]]
        bias = (bias + numpy_helper.to_array(there)).astype(np.float32)
        there.CopyFrom(numpy_helper.from_array(bias, there.name))
    else:
        graph.initializer.append(numpy_helper.from_array(bias, "bias of the first"))
        convolution.input.append("bias of the first")
    made = (weight * gain.reshape(-1, 1, 1)).astype(np.float32)
    kept.CopyFrom(numpy_helper.from_array(made, kept.name))
