"""The bundle's whole way from pixels to probabilities, or from normalised numbers, as one graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linnaeus.bundle.calibration import FARTHEST, Calibration
from linnaeus.bundle.record import BundleRecord
from linnaeus.bundle.views import SHIFT, VIEWS
from linnaeus.errors import BundleError

__all__ = ["Normalised", "answer_graph", "normalised_answer_graph", "without_normalisation"]

OF_NORMALISATION = {"Cast", "Sub", "Div", "Mul", "Add", "DequantizeLinear", "Transpose"}
BELOW_ALL = -1e30  # a logit that counts for nothing in a sum of exponentials
TO_THE_START = np.iinfo(np.int64).min


def answer_graph(record: BundleRecord, graph: bytes) -> bytes:
    """The bundle's ONNX file `graph` with the mean over views and the calibration inside.

    Input `pixels` (n, height, width, 3) uint8 RGB of the network's size, output `probabilities`
    (n, classes) float32.
    """
    return _answering(record, graph, "pixels", sides=(1, 2))


def normalised_answer_graph(record: BundleRecord, graph: bytes) -> Normalised:
    """The same, begun behind its normalisation: from `normalised` (n, 3, height, width) float32.

    Raises BundleError where the graph does not begin with one.
    """
    size_px = record.preprocessing.height_px, record.preprocessing.width_px
    bare = without_normalisation(graph, size_px)
    return replace(bare, graph=_answering(record, bare.graph, "normalised", sides=(2, 3)))


def _answering(record: BundleRecord, graph: bytes, given: str, *, sides: tuple[int, int]) -> bytes:
    """`graph` from its input `given`, whose height and width are the axes `sides`, to
    probabilities."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(graph)
    body = _Body(model)
    logits = body.over_views(record, given, sides)
    answer = body.calibrated(logits, record.calibration, several=record.task == "multi")
    body.add("Identity", [answer], "probabilities")
    shape = ["n", len(record.classes)]
    del model.graph.output[:]
    made = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape)
    model.graph.output.append(made)
    body.leave_out_what_nothing_asks_for()
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


@dataclass(frozen=True)
class Normalised:
    """A graph that takes numbers `(pixel - mean) / std`, (n, 3, height, width) float32.

    `mean` and `std` (3,) are in levels of 0 to 255, red first.
    """

    graph: bytes
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def numbers(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the graph takes for `pixels` (n, height, width, 3) uint8."""
        centred = pixels.astype(np.float32) - np.array(self.mean, np.float32)
        return np.ascontiguousarray(
            (centred / np.array(self.std, np.float32)).transpose(0, 3, 1, 2)
        )


def without_normalisation(graph: bytes, size_px: tuple[int, int]) -> Normalised:
    """A bundle's ONNX file `graph`, begun behind its normalisation.

    Raises BundleError where it does not begin with one.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(graph)
    cut = _end_of_normalisation(model)
    black_and_white = np.stack([np.full((*size_px, 3), level, np.uint8) for level in (0, 255)])
    ends = _computed(model, cut, black_and_white).mean(axis=(2, 3), dtype=np.float64)
    std = 255 / (ends[1] - ends[0])
    mean = -ends[0] * std
    body = _Body(model)
    del model.graph.input[:]
    shape = ["n", 3, *size_px]
    model.graph.input.append(helper.make_tensor_value_info("normalised", TensorProto.FLOAT, shape))
    for node in model.graph.node:
        taken = {cut, "pixels"} if _counts_pictures(node) else {cut}
        node.input[:] = ["normalised" if name in taken else name for name in node.input]
    body.leave_out_what_nothing_asks_for()
    onnx.checker.check_model(model)
    return Normalised(
        model.SerializeToString(deterministic=True),
        tuple(round(float(one), 6) for one in mean),
        tuple(round(float(one), 6) for one in std),
    )


class _Body:
    """The graph of a model, to which nodes are added."""

    def __init__(self, model: Any) -> None:
        self._graph = model.graph
        self._made = 0

    def add(self, kind: str, inputs: list[str], name: str = "", **said: Any) -> str:
        """Add a node; the name of what it gives."""
        from onnx import helper

        self._made += 1
        name = name or f"answer_{self._made}"
        self._graph.node.append(helper.make_node(kind, inputs, [name], f"{kind}_of_{name}", **said))
        return name

    def constant(self, values: ArrayLike, kind: Any = np.float32) -> str:
        """Add a constant; its name."""
        from onnx import numpy_helper

        self._made += 1
        name = f"answer_{self._made}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def over_views(self, record: BundleRecord, given: str, sides: tuple[int, int]) -> str:
        """The name of the logits, the mean over the views that the bundle takes of `given`."""
        views = record.serving.test_time_augmentation
        if views == "none":
            return "logits"
        for node in self._graph.node:
            node.input[:] = ["every_view" if name == given else name for name in node.input]
        size = record.preprocessing.height_px, record.preprocessing.width_px
        before = len(self._graph.node)
        mirrored = views == "mirror"
        shown = self._mirrored(given, sides) if mirrored else self._shifted(given, sides, size)
        self.add("Concat", [given, *shown], "every_view", axis=0)
        added = list(self._graph.node[before:])
        rest = list(self._graph.node[:before])
        del self._graph.node[:]
        self._graph.node.extend([*added, *rest])
        apart = self.constant([VIEWS[views], -1, len(record.classes)], np.int64)
        of_views = self.add("Reshape", ["logits", apart])
        return self.add("ReduceMean", [of_views, self.constant([0], np.int64)], keepdims=0)

    def _mirrored(self, given: str, sides: tuple[int, int]) -> list[str]:
        where = [self.constant([one], np.int64) for one in (-1, TO_THE_START, sides[1], -1)]
        return [self.add("Slice", [given, *where])]

    def _shifted(self, given: str, sides: tuple[int, int], size_px: tuple[int, int]) -> list[str]:
        height, width = size_px
        down, across = (max(1, round(SHIFT * side)) for side in size_px)
        room = [0, 0, 0, 0]
        room[sides[0]], room[sides[1]] = down, across
        wide = self.add("Pad", [given, self.constant(room * 2, np.int64)], mode="reflect")
        axes = self.constant(sides, np.int64)
        shown = []
        for top, left in [(0, across), (2 * down, across), (down, 0), (down, 2 * across)]:
            start = self.constant([top, left], np.int64)
            end = self.constant([top + height, left + width], np.int64)
            shown.append(self.add("Slice", [wide, start, end, axes]))
        return shown

    def calibrated(self, logits: str, calibration: Calibration, *, several: bool) -> str:
        """The name of the probabilities that `Calibration.probabilities` gives."""
        z = self.add("Div", [logits, self.constant(calibration.temperature)])
        if calibration.method == "vector":
            z = self.add("Mul", [z, self.constant(calibration.scales)])
            z = self.add("Add", [z, self.constant(calibration.offsets)])
        if calibration.method in ("none", "temperature", "vector"):
            return self.add("Sigmoid", [z]) if several else self.add("Softmax", [z], axis=-1)
        odds = self._log_odds(z, calibration, several=several)
        mapped = self._beta(odds, calibration)
        if calibration.method == "isotonic":
            mapped = self._isotonic(odds, calibration)
        return self.add("Exp", [mapped]) if several else self.add("Softmax", [mapped], axis=-1)

    def _log_odds(self, z: str, calibration: Calibration, *, several: bool) -> str:
        """ln(p / (1 - p)) of each class against all others."""
        odds = z
        if not several:
            classes = calibration.classes or 0
            own = self.constant(np.where(np.eye(classes, dtype=bool), BELOW_ALL, 0.0))
            each = self.add("Unsqueeze", [z, self.constant([1], np.int64)])
            others = self.add("Add", [each, own])
            axis = self.constant([2], np.int64)
            odds = self.add("Sub", [z, self.add("ReduceLogSumExp", [others, axis], keepdims=0)])
        ends = [self.constant(-FARTHEST), self.constant(FARTHEST)]
        return self.add("Clip", [odds, *ends])

    def _log_sigmoid(self, x: str) -> str:
        return self.add("Neg", [self.add("Softplus", [self.add("Neg", [x])])])

    def _beta(self, odds: str, calibration: Calibration) -> str:
        if calibration.method != "beta":
            return odds
        a, b, c = (
            self.constant([getattr(one, name) for one in calibration.beta]) for name in "abc"
        )
        rising = self.add("Mul", [self._log_sigmoid(odds), a])
        falling = self.add("Mul", [self.add("Softplus", [odds]), b])
        return self._log_sigmoid(self.add("Add", [self.add("Add", [rising, falling]), c]))

    def _isotonic(self, odds: str, calibration: Calibration) -> str:
        """A rising line as the sum of its pieces, each from 0 to what it rises by."""
        most = max(len(one.log_odds) for one in calibration.isotonic)
        from_here, so_far, steep = (np.zeros((len(calibration.isotonic), most)) for _ in range(3))
        for at, one in enumerate(calibration.isotonic):
            x, y = np.array(one.log_odds), np.array(one.probabilities)
            wide = np.diff(x)
            from_here[at, : len(x)], so_far[at, : len(wide)] = x, wide
            steep[at, : len(wide)] = np.diff(y) / np.maximum(wide, np.finfo(np.float32).tiny)
        each = self.add("Unsqueeze", [odds, self.constant([-1], np.int64)])
        behind = self.add("Sub", [each, self.constant(from_here)])
        within = self.add("Max", [behind, self.constant(0.0)])
        within = self.add("Min", [within, self.constant(so_far)])
        risen = self.add("Mul", [within, self.constant(steep)])
        total = self.add("ReduceSum", [risen, self.constant([-1], np.int64)], keepdims=0)
        first = self.constant([one.probabilities[0] for one in calibration.isotonic])
        seen = self.add("Add", [total, first])
        shares = np.array([one.own_share for one in calibration.isotonic])
        seen = self.add("Mul", [seen, self.constant(1 - shares)])
        own = self.add("Mul", [self.add("Sigmoid", [odds]), self.constant(shares)])
        return self.add("Log", [self.add("Add", [seen, own])])

    def leave_out_what_nothing_asks_for(self) -> None:
        """Remove nodes and constants that no output is made of."""
        wanted = {one.name for one in self._graph.output}
        kept = []
        for node in reversed(self._graph.node):
            if wanted & set(node.output):
                kept.append(node)
                wanted |= set(node.input)
        constants = [one for one in self._graph.initializer if one.name in wanted]
        del self._graph.node[:], self._graph.initializer[:], self._graph.value_info[:]
        self._graph.node.extend(reversed(kept))
        self._graph.initializer.extend(constants)


def _end_of_normalisation(model: Any) -> str:
    """The name of the numbers that the first layer of the network takes."""
    constants = {one.name for one in model.graph.initializer}
    cut, transposed = "pixels", False
    while not transposed:
        follow = [
            node
            for node in model.graph.node
            if cut in node.input
            and node.op_type in OF_NORMALISATION
            and all(name == cut or name in constants for name in node.input)
        ]
        if len(follow) != 1:
            raise BundleError(
                "its graph does not begin with a normalisation that could be left out",
                where="--no-preprocessing",
                mend="Export it with the preprocessing inside.",
            )
        cut, transposed = follow[0].output[0], follow[0].op_type == "Transpose"
    return cut


def _counts_pictures(node: Any) -> bool:
    """Whether all that `node` asks of the pixels is how many pictures there are."""
    said = {one.name: one.i for one in node.attribute}
    return node.op_type == "Shape" and said.get("start", 0) == 0 and said.get("end") == 1


def _computed(model: Any, name: str, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the tensor `name` of `model` is for `pixels`."""
    import copy

    import onnxruntime
    from onnx import TensorProto, helper

    watched = copy.deepcopy(model)
    watched.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    answer: NDArray[np.float32] = session.run([name], {"pixels": pixels})[0]
    return answer
