"""Channels that give 0 whatever the picture shows, taken out of a graph.

Weight decay leaves such channels behind: 8 of the first 32 of MobileNetV2, on its largest maps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["without_silent_channels"]

TOGETHER = 8
"""Channels that processors compute at a time in INT8: fewer of them save nothing, and a number of
channels that 8 does not divide costs more than one that it does."""

Doubles = NDArray[np.float64]
Bounds = tuple[Doubles, Doubles]
"""The least and the largest number of each channel, or one of each for all channels."""


@dataclass
class _Graph:
    """An ONNX graph with what is asked of it: constants, who makes a value, and who uses it."""

    body: Any
    constants: dict[str, Any]
    makers: dict[str, Any]
    users: dict[str, list[Any]]

    @classmethod
    def of(cls, body: Any) -> _Graph:
        users: dict[str, list[Any]] = {one.name: [body] for one in body.output}
        for node in body.node:
            for name in node.input:
                users.setdefault(name, []).append(node)
        constants = {one.name: one for one in body.initializer}
        makers = {name: node for node in body.node for name in node.output}
        return cls(body, constants, makers, users)

    def array(self, name: str) -> Doubles:
        """A constant."""
        from onnx import numpy_helper

        value: Doubles = numpy_helper.to_array(self.constants[name]).astype(np.float64)
        return value

    def keep(self, name: str, kept: NDArray[np.int64], axis: int) -> None:
        """Leave only `kept` of a constant along `axis`."""
        from onnx import numpy_helper

        constant = self.constants[name]
        value = np.take(numpy_helper.to_array(constant), kept, axis)
        constant.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), name))

    def of_constants(self, node: Any) -> bool:
        """Whether `node` is a convolution over two axes by constants that it alone uses."""
        if node is None or node.op_type != "Conv":
            return False
        own = [name for name in node.input[1:] if name]
        alone = all(name in self.constants and len(self.users[name]) == 1 for name in own)
        return alone and len(self.constants[node.input[1]].dims) == 4


def without_silent_channels(model: Any) -> int:
    """Take channels that are 0 for every picture out of the ONNX `model`; how many.

    Only those whose bounds, computed layer by layer from 0 to 255 on, show it: so the answers stay
    the same. As many as leave a multiple of `TOGETHER`.
    """
    graph = _Graph.of(model.graph)
    bounds = _bounds(graph)
    taken = 0
    for reader in list(graph.body.node):
        if not graph.of_constants(reader) or _groups(reader) != 1:
            continue
        givers = _givers(graph, reader.input[0])
        least, largest = bounds.get(reader.input[0], (np.ones(1), np.ones(1)))
        kept = _kept((least >= 0) & (largest <= 0))
        if not givers or len(kept) == len(largest):
            continue
        taken += len(largest) - len(kept)
        graph.keep(reader.input[1], kept, axis=1)
        for giver in givers:
            _keep_given(graph, giver, kept)
    del graph.body.value_info[:]  # shapes that may be no more
    return taken


def _kept(silent: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The channels that stay, of one flag each."""
    count = len(silent)
    fewer = -(-max(1, count - int(silent.sum())) // TOGETHER) * TOGETHER
    gone = np.flatnonzero(silent)[: max(0, count - fewer)]
    return np.setdiff1d(np.arange(count), gone)


def _givers(graph: _Graph, name: str) -> list[Any]:
    """The convolutions whose channels `name` consists of, and nobody else uses: last, then first.

    Several where those in the middle look at each channel for itself; none where it cannot be told.
    """
    giver = _giver(graph, name)
    if giver is None or _groups(giver) == 1:
        return [giver] if giver is not None else []
    count, per_group = graph.constants[giver.input[1]].dims[:2]
    if _groups(giver) != count or per_group != 1:
        return []
    before = _givers(graph, giver.input[0])
    return [giver, *before] if before else []


def _giver(graph: _Graph, name: str) -> Any | None:
    """The convolution behind `name` and what makes its negative numbers 0, used once each."""
    while len(graph.users[name]) == 1 and name in graph.makers:
        node = graph.makers[name]
        if node.op_type not in ("Relu", "Clip"):
            return node if graph.of_constants(node) else None
        name = node.input[0]
    return None


def _keep_given(graph: _Graph, giver: Any, kept: NDArray[np.int64]) -> None:
    """Let the convolution `giver` give only the channels `kept`."""
    for name in giver.input[1:]:
        graph.keep(name, kept, axis=0)
    for said in giver.attribute:
        if said.name == "group" and said.i > 1:
            said.i = len(kept)


def _groups(node: Any) -> int:
    return next((int(one.i) for one in node.attribute if one.name == "group"), 1)


def _bounds(graph: _Graph) -> dict[str, Bounds]:
    """Bounds of the values for which some follow from those of pixels, by their names."""
    bounds: dict[str, Bounds] = {}
    for node in graph.body.node:
        found = _bounded(graph, node, bounds)
        if found is not None:
            bounds[node.output[0]] = found
    return bounds


def _bounded(graph: _Graph, node: Any, bounds: dict[str, Bounds]) -> Bounds | None:
    if node.op_type == "Cast" and node.input[0] == graph.body.input[0].name:
        return np.zeros(1), np.full(1, 255.0)
    follow = FOLLOWED.get(node.op_type)
    if follow is None or node.input[0] not in bounds:
        return None
    return follow(graph, node, bounds[node.input[0]], bounds)


def _same(graph: _Graph, node: Any, given: Bounds, bounds: dict[str, Bounds]) -> Bounds:
    return given  # turned are pictures only, whose channels these are


def _rectified(graph: _Graph, node: Any, given: Bounds, bounds: dict[str, Bounds]) -> Bounds:
    return np.maximum(given[0], 0), np.maximum(given[1], 0)


def _clipped(graph: _Graph, node: Any, given: Bounds, bounds: dict[str, Bounds]) -> Bounds | None:
    ends = [*node.input[1:], "", ""][:2]
    if any(end and end not in graph.constants for end in ends):
        return None
    least, most = (
        float(graph.array(end)) if end else default
        for end, default in zip(ends, (-np.inf, np.inf), strict=True)
    )
    return given[0].clip(least, most), given[1].clip(least, most)


def _reckoned(graph: _Graph, node: Any, given: Bounds, bounds: dict[str, Bounds]) -> Bounds | None:
    """Of sums, and of what is done to pixels with one constant for each channel."""
    other = node.input[1]
    if node.op_type == "Add" and other in bounds:
        return given[0] + bounds[other][0], given[1] + bounds[other][1]
    if other not in graph.constants or len(graph.constants[other].dims) > 1:
        return None
    value = np.atleast_1d(graph.array(other))
    reckon = {"Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Add": np.add}
    ends = [reckon[node.op_type](end, value) for end in given]
    return np.minimum(*ends), np.maximum(*ends)


def _convolved(graph: _Graph, node: Any, given: Bounds, bounds: dict[str, Bounds]) -> Bounds | None:
    """Of what a convolution gives, at the edges too, where it is given zeros."""
    if not graph.of_constants(node):
        return None
    weight = graph.array(node.input[1])
    bias = graph.array(node.input[2]) if len(node.input) > 2 else np.zeros(len(weight))
    groups, (count, inputs) = _groups(node), weight.shape[:2]
    least, most = (np.broadcast_to(end, groups * inputs).reshape(groups, inputs) for end in given)
    least, most = np.minimum(least, 0), np.maximum(most, 0)
    up, down = (
        part.sum(axis=(2, 3)).reshape(groups, count // groups, inputs)
        for part in (np.maximum(weight, 0), np.minimum(weight, 0))
    )
    low = np.einsum("gki,gi->gk", up, least) + np.einsum("gki,gi->gk", down, most)
    high = np.einsum("gki,gi->gk", up, most) + np.einsum("gki,gi->gk", down, least)
    return low.reshape(-1) + bias, high.reshape(-1) + bias


FOLLOWED: dict[str, Callable[[_Graph, Any, Bounds, dict[str, Bounds]], Bounds | None]] = {
    "Transpose": _same,
    "Relu": _rectified,
    "Clip": _clipped,
    "Conv": _convolved,
    **dict.fromkeys(("Sub", "Mul", "Div", "Add"), _reckoned),
}
"""How the bounds of what a node gives follow from those of what it is given."""
