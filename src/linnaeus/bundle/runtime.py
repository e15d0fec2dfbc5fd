"""Running a graph without torch: OpenVINO where it is installed, ONNX Runtime everywhere else.

Pictures go through one at a time, whatever number is asked for. So an answer never depends on what
else was in a batch, and on CPUs it is also the fastest way for convolutional networks: one
picture's activations stay in the cache (MobileNetV2 on two cores: 778 pictures a second singly,
546 in batches of 32).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.openvino_alone import openvino_alone
from linnaeus.bundle.record import Engine, Precision, Serving
from linnaeus.bundle.views import Views, views_of
from linnaeus.errors import BundleError
from linnaeus.features.description import Description
from linnaeus.features.sift import Sift, require_opencv

__all__ = ["Session", "best_engine", "bfloat16_pays", "engine_version", "serving_here"]

Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]


class Session:
    """A graph made ready to run on this machine's CPU.

    `graph` is an ONNX file, or its bytes, with `pixels` (n, height, width, 3) uint8 as input, or
    what the `description` makes of them, and `logits` (n, classes) and `features` (n, d) as
    outputs; a graph without a head has no `logits`. Answers are means over the `views` of a
    picture, of logits and of features. Raises BundleError where the runtime refuses the graph,
    MissingError where a package that the description needs is not installed.

    `callers` is how many threads may be answered at a time; others wait. One is answered by all
    processors together, several by one processor each, which answers more pictures a second.
    """

    def __init__(
        self,
        graph: Path | bytes,
        engine: Engine,
        precision: Precision,
        views: Views = "none",
        description: Description | None = None,
        callers: int = 1,
    ) -> None:
        if isinstance(description, Sift):
            require_opencv()
        self._graph = graph
        self.engine = engine
        self.precision = precision
        self._views = views
        self._description = description
        opened = {"openvino": _open_with_openvino, "onnxruntime": _open_with_onnxruntime}[engine]
        try:
            answers = opened(graph, precision, callers)
        except (RuntimeError, ValueError) as error:
            where = str(graph) if isinstance(graph, Path) else "the graph"
            reason = str(error).strip().splitlines()[-1]
            mend = "Copy the bundle again from where it was made."
            raise BundleError(f"{engine} refuses it ({reason})", where=where, mend=mend) from None
        self._free: SimpleQueue[AnswerOne] = SimpleQueue()
        for answer in answers:
            self._free.put(answer)

    def side_by_side(self, callers: int) -> Session:
        """The same graph, made ready for `callers` threads at a time. Raises as the class does."""
        same = (self._graph, self.engine, self.precision, self._views, self._description)
        return Session(*same, callers)

    def run(self, pixels: Iterable[NDArray[np.uint8]]) -> Outputs:
        """Answer each of `pixels`, (height, width, 3) uint8 RGB.

        Returns (logits (n, classes) float32, features (n, d) float32), in order; a graph without
        a head gives logits (n, 0). n must be at least 1.
        """
        answers = [self.run_one(one) for one in pixels]
        return np.stack([a[0] for a in answers]), np.stack([a[1] for a in answers])

    def run_one(self, pixels: NDArray[np.uint8]) -> Outputs:
        """Answer one picture: (logits (classes,) float32, features (d,) float32)."""
        views = views_of(pixels, self._views)
        if len(views) == 1:
            return self._answer_one(pixels)
        logits, features = zip(*map(self._answer_one, views), strict=True)
        return np.mean(logits, axis=0), np.mean(features, axis=0)

    def _answer_one(self, pixels: NDArray[np.uint8]) -> Outputs:
        given = pixels if self._description is None else self._description(pixels[None])[0]
        answer = self._free.get()
        try:
            return answer(given)
        finally:
            self._free.put(answer)


def best_engine() -> Engine:
    """The fastest runtime that is installed here."""
    return "openvino" if importlib.util.find_spec("openvino") else "onnxruntime"


def engine_version(engine: Engine) -> str:
    """The installed version of a runtime."""
    return version(engine)


def bfloat16_pays(engine: Engine) -> bool:
    """Whether this machine computes in bfloat16 natively and `engine` makes use of it."""
    if engine != "openvino":
        return False
    return "BF16" in openvino_alone().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def serving_here(judged: Serving) -> tuple[Engine, Precision, str]:
    """How a bundle judged with `judged` can be served on this machine.

    Returns (engine, precision, notice); `notice` is empty where they are the judged ones, and
    otherwise a sentence that the user must see.
    """
    if judged.engine == "openvino" and best_engine() != "openvino":
        precision: Precision = "int8" if judged.precision == "int8" else "float32"
        notice = _differs(judged, "ONNX Runtime", precision, "OpenVINO is missing")
        return "onnxruntime", precision, notice
    if judged.precision == "bfloat16" and not bfloat16_pays(judged.engine):
        notice = _differs(judged, "OpenVINO", "float32", "this processor lacks it")
        return judged.engine, "float32", notice
    return judged.engine, judged.precision, ""


def _differs(judged: Serving, name: str, precision: Precision, why: str) -> str:
    decimal = "second" if precision == "int8" else "third"
    return (
        f"This bundle was judged with {judged.engine} in {judged.precision}; here {name} answers"
        f" in {precision}, because {why}. Its probabilities can differ in the {decimal} decimal."
    )


AnswerOne = Callable[[NDArray[Any]], Outputs]


def _open_with_openvino(graph: Path | bytes, precision: Precision, callers: int) -> list[AnswerOne]:
    """What answers one picture, for each of `callers`."""
    openvino = openvino_alone()
    properties = openvino.properties
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape([1, *list(model.input(0).partial_shape)[1:]])
    names = [output.get_any_name() for output in model.outputs]
    settings = {
        properties.hint.inference_precision: "bf16" if precision == "bfloat16" else "f32",
        properties.hint.performance_mode: properties.hint.PerformanceMode.LATENCY,
        properties.hint.enable_cpu_pinning: False,
    }
    if callers > 1:
        del settings[properties.hint.performance_mode]
        settings |= {properties.num_streams: callers, properties.inference_num_threads: callers}
    compiled = core.compile_model(model, "CPU", settings)
    place = {name: names.index(name) for name in names}
    return [_asked_of_openvino(compiled.create_infer_request(), place) for _ in range(callers)]


def _asked_of_openvino(request: Any, place: dict[str, int]) -> AnswerOne:
    """A function that answers by `request`, whose outputs are at `place`."""

    def answer_one(given: NDArray[Any]) -> Outputs:
        request.infer(given[None], share_inputs=True, share_outputs=True)
        features = request.get_output_tensor(place["features"]).data[0].copy()
        if "logits" not in place:
            return np.zeros(0, np.float32), features
        return request.get_output_tensor(place["logits"]).data[0].copy(), features

    return answer_one


def _open_with_onnxruntime(
    graph: Path | bytes, precision: Precision, callers: int
) -> list[AnswerOne]:
    """What answers one picture, for each of `callers`."""
    import onnxruntime

    if precision == "bfloat16":
        raise ValueError("ONNX Runtime does not answer in bfloat16")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: its warnings speak to people who write runtimes
    if callers > 1:
        options.intra_op_num_threads = 1
    source = str(graph) if isinstance(graph, Path) else graph
    try:
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class
        raise ValueError(str(error)) from None
    wanted = [o.name for o in session.get_outputs() if o.name in ("logits", "features")]
    taken = session.get_inputs()[0].name

    def answer_one(given: NDArray[Any]) -> Outputs:
        answer = dict(zip(wanted, session.run(wanted, {taken: given[None]}), strict=True))
        logits = answer["logits"][0] if "logits" in answer else np.zeros(0, np.float32)
        return logits, answer["features"][0]

    return [answer_one] * callers  # its sessions may be asked by several threads
