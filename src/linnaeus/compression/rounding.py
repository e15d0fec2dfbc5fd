"""Rounding the weights of convolutions so that their errors cancel out, and their means too.

Each weight rounded to its nearest step is off by up to half a step, and in a narrow network these
errors add up. Here weights are rounded one after the other, and those still to come take on what
the errors of the others moved, as far as the inputs hang together (Frantar and others 2023, "GPTQ";
after Hassibi and Stork 1993). What is left moves the mean of a channel, which its bias takes back
(Nagel and others 2019).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import generator

__all__ = ["well_rounded"]

LEVELS = 64
"""On each side of 0 that a rounded weight can take: 7 bits. Processors without VNNI add up products
in pairs of 16 bits, where two of 255 × 127 overflow and are cut off without a word, and two of
255 × 64 fit."""

MOST_INPUTS = 2304
"""Numbers that one output is made of; convolutions of more are left as they are, since the products
of their inputs with each other would take memory and minutes, and many errors average out."""

PLACES = 256
"""Drawn from each picture's map."""

DAMPING = 0.01
"""Added to the variance of each input, as a share of the mean one: few places do not tell all."""

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass
class _Layer:
    """A convolution of the float graph, and the sums of what it is given at drawn places.

    `weight` (out, in of a group, kh, kw), `groups`; `products` (groups, n, n) and `sums`
    (groups, n) over `places`, n the inputs of one output.
    """

    node: Any
    weight: Floats
    bias: Floats
    groups: int
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    products: NDArray[np.float64]
    sums: NDArray[np.float64]
    places: int = 0

    def see(self, given: Floats, drawn: np.random.Generator) -> None:
        """Add places of the map `given` (channels, h, w)."""
        patches = self._patches(given, drawn)
        self.products += patches.swapaxes(1, 2) @ patches
        self.sums += patches.sum(axis=1)
        self.places += patches.shape[1]

    def _patches(self, given: Floats, drawn: np.random.Generator) -> Floats:
        """(groups, places, n) what outputs at drawn places are made of."""
        top, left, bottom, right = self.pads
        wide = np.pad(given, ((0, 0), (top, bottom), (left, right)))
        kernel = self.weight.shape[2:]
        windows = np.lib.stride_tricks.sliding_window_view(wide, kernel, axis=(1, 2))
        windows = windows[:, :: self.strides[0], :: self.strides[1]]
        _, down, across = windows.shape[:3]
        chosen = drawn.integers(0, down * across, min(PLACES, down * across))
        taken = windows[:, chosen // across, chosen % across]  # (channels, places, kh, kw)
        of_groups = taken.reshape(self.groups, -1, *taken.shape[1:]).swapaxes(1, 2)
        return of_groups.reshape(self.groups, len(chosen), -1)

    def rounded(self, step: Floats) -> tuple[NDArray[np.int8], Floats]:
        """Whole numbers for the weights, of `step` (out,) each, and the bias beside them."""
        rows = self.weight.reshape(self.groups, -1, self.products.shape[-1]).astype(np.float64)
        mean = self.sums / self.places
        covariance = self.products / self.places - mean[:, :, None] * mean[:, None, :]
        steps = step.astype(np.float64).reshape(self.groups, -1, 1)
        whole = _one_by_one(rows, steps, covariance)
        moved = ((whole * steps - rows) @ mean[:, :, None])[..., 0].reshape(-1)
        bias: Floats = (self.bias - moved).astype(np.float32)
        return whole.reshape(self.weight.shape).astype(np.int8), bias


def well_rounded(model: Any, quantised: Any, pictures: Iterable[Pixels], seed: int) -> Any:
    """The ONNX graph `quantised` with better whole numbers for what `model` has in float32.

    Both have the same convolutions by name. `pictures` (h, w, 3) uint8 show what they are given.
    """
    layers = _layers(model)
    made = copy.deepcopy(quantised)
    if not layers:
        return made
    _see(model, layers, pictures, seed)
    constants = {one.name: one for one in made.graph.initializer}
    makers = {name: node for node in made.graph.node for name in node.output}
    for node in made.graph.node:
        if node.name in layers:
            _write(layers[node.name], node, constants, makers)
    return made


def _one_by_one(
    rows: NDArray[np.float64], steps: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Whole numbers (groups, rows, n) for `rows` of weights, whose inputs have the `covariance`.

    A weight that is 0 stays 0, whatever it could make up for: so a sparse network stays sparse.
    """
    count = rows.shape[-1]
    variance = np.einsum("gnn->gn", covariance)
    damping = np.maximum(DAMPING * variance.mean(axis=1), np.finfo(np.float32).tiny)
    order = np.argsort(-variance, axis=1)  # the largest first, while there is most to make up with
    rows = np.take_along_axis(rows, order[:, None], axis=2)
    present = rows != 0
    covariance = np.take_along_axis(covariance, order[:, :, None], axis=1)
    covariance = np.take_along_axis(covariance, order[:, None], axis=2)
    inverse = np.linalg.inv(covariance + damping[:, None, None] * np.eye(count))
    upper = np.linalg.cholesky(inverse).swapaxes(1, 2)
    whole = np.empty_like(rows)
    for at in range(count):
        now = rows[..., at : at + 1]
        nearest = np.clip(np.round(now / steps), -LEVELS, LEVELS)
        whole[..., at : at + 1] = nearest * present[..., at : at + 1]
        error = (now - whole[..., at : at + 1] * steps) / upper[:, None, at : at + 1, at]
        rows[..., at + 1 :] -= error * upper[:, at : at + 1, at + 1 :]
    return np.take_along_axis(whole, np.argsort(order, axis=1)[:, None], axis=2)


def _layers(model: Any) -> dict[str, _Layer]:
    """The convolutions of `model` that can be rounded well, by name."""
    from onnx import numpy_helper

    constants = {one.name: one for one in model.graph.initializer}
    layers = {}
    for node in model.graph.node:
        if node.op_type != "Conv" or len(node.input) < 3 or not {*node.input[1:]} <= {*constants}:
            continue
        weight, bias = (numpy_helper.to_array(constants[name]) for name in node.input[1:])
        said = {one.name: one for one in node.attribute}
        groups = said["group"].i if "group" in said else 1
        dilated = "dilations" in said and set(said["dilations"].ints) != {1}
        padded_itself = "auto_pad" in said and said["auto_pad"].s != b"NOTSET"
        size = int(np.prod(weight.shape[1:]))
        if weight.ndim != 4 or size > MOST_INPUTS or dilated or padded_itself:
            continue
        strides = tuple(said["strides"].ints) if "strides" in said else (1, 1)
        pads = tuple(said["pads"].ints) if "pads" in said else (0, 0, 0, 0)
        products = np.zeros((groups, size, size))
        layers[node.name] = _Layer(
            node, weight, bias, groups, strides, pads, products, np.zeros((groups, size))
        )
    return layers


def _see(model: Any, layers: Mapping[str, _Layer], pictures: Iterable[Pixels], seed: int) -> None:
    """Run the float `model` on `pictures`, and show each layer what it is given."""
    import onnxruntime
    from onnx import TensorProto, helper

    watched = copy.deepcopy(model)
    wanted = sorted({layer.node.input[0] for layer in layers.values()})
    for name in wanted:
        watched.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    taken = session.get_inputs()[0].name
    for place, picture in enumerate(pictures):
        maps = dict(zip(wanted, session.run(wanted, {taken: picture[None]}), strict=True))
        drawn = generator(seed, "places of maps", place)
        for layer in layers.values():
            layer.see(maps[layer.node.input[0]][0], drawn)


def _write(
    layer: _Layer, node: Any, constants: Mapping[str, Any], makers: Mapping[str, Any]
) -> None:
    """Put the layer's whole numbers behind the inputs of its `node` in the quantised graph."""
    from onnx import numpy_helper

    wide, bias = makers[node.input[1]], makers[node.input[2]]
    step = numpy_helper.to_array(constants[wide.input[1]]).reshape(-1)
    whole, moved = layer.rounded(np.broadcast_to(step, (len(layer.weight),)))
    constants[wide.input[0]].CopyFrom(numpy_helper.from_array(whole, wide.input[0]))
    fine = numpy_helper.to_array(constants[bias.input[1]]).reshape(-1)
    counted = np.round(moved.astype(np.float64) / fine).astype(np.int32)
    constants[bias.input[0]].CopyFrom(numpy_helper.from_array(counted, bias.input[0]))
