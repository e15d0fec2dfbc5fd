"""To TensorFlow's SavedModel or to LiteRT, by onnx2tf, which has an environment of its own.

It asks for other versions of packages than Linnaeus works with, so it is called as a command, and
what it makes is tried by the Python that it runs with. Before version 2 it makes everything by way
of TensorFlow; since then LiteRT's file without, in a fifth of the time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linnaeus.errors import MissingError, Shortfall
from linnaeus.exporting.answer_graph import normalised_answer_graph
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.float_graph import in_floats
from linnaeus.exporting.source import Source
from linnaeus.randomness import generator

__all__ = ["to_litert", "to_tensorflow"]

COMMAND = "onnx2tf"
TIMEOUT_S = 1800.0
LAST_LINES = 3
BAR = re.compile(r"\d+%\|")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

DOWNLOADED = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""What onnx2tf tries itself on, and fetches where it does not lie in its working directory."""

OF_SAVED_MODEL = ("saved_model.pb", "variables", "assets", "fingerprint.pb")

WITH_TENSORFLOW = """
import numpy, tensorflow
run = tensorflow.saved_model.load({place!r}).signatures["serving_default"]
name = list(run.structured_input_signature[1])[0]
pixels = numpy.load(sys.argv[1] + "/pixels.npy")
rows = [next(iter(run(**{{name: tensorflow.constant(one[None])}}).values())) for one in pixels]
numpy.save(sys.argv[1] + "/answers.npy", numpy.concatenate([row.numpy() for row in rows]))
"""

WITH_LITERT = """
import numpy
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tensorflow.lite import Interpreter
interpreter = Interpreter({place!r})
interpreter.allocate_tensors()
given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
rows = []
for one in numpy.load(sys.argv[1] + "/pixels.npy"):
    interpreter.set_tensor(given["index"], one[None].astype(given["dtype"]))
    interpreter.invoke()
    rows.append(interpreter.get_tensor(made["index"]))
numpy.save(sys.argv[1] + "/answers.npy", numpy.concatenate(rows))
"""


IN_FLOATS = (
    "It computes in float32 what the bundle does in whole numbers, rounded between layers as there:"
    " the same answers, but neither a smaller file nor a faster answer than of the bundle that was"
    " made smaller."
)


def to_tensorflow(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write saved_model.pb and what belongs to it to `folder`, for one picture at a time."""
    onnx2tf = _Onnx2tf.found("tensorflow")
    made = onnx2tf.converted(source, folder, ["-osd"] if onnx2tf.version < 2 else ["-fdosm"])
    for name in OF_SAVED_MODEL:
        if (made / name).exists():
            shutil.move(made / name, folder / name)
    shutil.rmtree(made)
    return onnx2tf.answering(WITH_TENSORFLOW.format(place=str(folder))), _said(source)


def to_litert(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write model.tflite to `folder`, in float32 and for one picture at a time."""
    onnx2tf = _Onnx2tf.found("litert")
    made = onnx2tf.converted(source, folder, ["-osd"] if onnx2tf.version < 2 else [])
    (file,) = made.glob("*_float32.tflite")
    shutil.move(file, folder / "model.tflite")
    shutil.rmtree(made)
    program = WITH_LITERT.format(place=str(folder / "model.tflite"))
    return onnx2tf.answering(program), _said(source)


def _said(source: Source) -> dict[str, Any]:
    return {} if source.exact else {"notices": [IN_FLOATS]}


@dataclass(frozen=True)
class _Onnx2tf:
    """The command onnx2tf, the Python that it runs with, and its version's first number."""

    command: Path
    python: Path
    version: int
    target: str

    @classmethod
    def found(cls, target: str) -> _Onnx2tf:
        """That which is installed. Raises MissingError where there is none."""
        command = shutil.which(COMMAND)
        if command is None:
            raise _missing("it needs the command onnx2tf, which is not installed", target)
        python = Path(command).resolve().with_name("python")
        if not python.exists():
            lacking = f"no python stands beside {command}, so what it makes cannot be tried"
            raise _missing(lacking, target)
        asked = "from importlib.metadata import version; print(version('onnx2tf'))"
        try:
            said = subprocess.run(  # noqa: S603 - the command's own Python
                [python, "-c", asked], capture_output=True, text=True, timeout=60, check=True
            )
        except subprocess.SubprocessError:
            raise _missing(f"the python beside {command} does not have it", target) from None
        return cls(Path(command), python, int(said.stdout.split(".")[0]), target)

    def converted(self, source: Source, folder: Path, options: Sequence[str]) -> Path:
        """The folder of what it makes of the bundle's graph. Raises Shortfall where it fails."""
        made = folder.with_name("converted")
        made.mkdir()
        graph = made / "model.onnx"
        graph.write_bytes(_channels_first(source))
        any_pictures = generator(0, "pictures for onnx2tf").random((20, 128, 128, 3), np.float32)
        np.save(made / DOWNLOADED, any_pictures)
        given: list[str | Path] = [self.command, "-i", graph, "-o", made, "-b", "1", "-n", *options]
        try:
            done = subprocess.run(  # noqa: S603 - the command that was asked for
                given, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=made
            )
        except subprocess.TimeoutExpired:
            raise _failed(f"no end within {TIMEOUT_S:.0f} s", self.target) from None
        if done.returncode != 0:
            raise _failed(_last_lines(done.stderr) or _last_lines(done.stdout), self.target)
        return made

    def answering(self, program: str) -> Answering:
        """What answers by `program` in its Python."""
        where = f"--to {self.target}"
        return lambda pixels: answers_of(program, pixels, path=(), where=where, python=self.python)


def _missing(what: str, target: str) -> MissingError:
    return MissingError(
        what,
        where=f"--to {target}",
        mend="Install it in an environment of its own, with Python 3.12 or newer:"
        ' pipx install "onnx2tf[tensorflow]"',
    )


def _failed(why: str, target: str) -> Shortfall:
    return Shortfall(
        f"onnx2tf cannot convert it ({why})",
        where=f"--to {target}",
        mend="Nothing was written. Export it to onnx or openvino.",
    )


def _last_lines(said: str) -> str:
    """The end of what a program `said`, without the bars of progress that it drew."""
    lines = [line for line in said.splitlines() if line.strip() and not BAR.search(line)]
    return " ".join(COLOUR.sub("", line).strip() for line in lines[-LAST_LINES:])


def _channels_first(source: Source) -> bytes:
    """The bundle's graph for pixels (1, 3, height, width), which onnx2tf turns channels last."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    record = source.record
    size = (record.preprocessing.height_px, record.preprocessing.width_px)
    bare = normalised_answer_graph(record, source.graph())
    model = onnx.load_from_string(bare.graph)
    in_floats(model)
    for name, values in (("mean", bare.mean), ("std", bare.std)):
        by_channel = np.array(values, np.float32).reshape(1, 3, 1, 1)
        model.graph.initializer.append(numpy_helper.from_array(by_channel, name))
    nodes = [
        helper.make_node("Cast", ["pixels"], ["levels"], "cast", to=TensorProto.FLOAT),
        helper.make_node("Sub", ["levels", "mean"], ["centred"], "centre"),
        helper.make_node("Div", ["centred", "std"], ["normalised"], "scale"),
        *model.graph.node,
    ]
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(nodes)
    given = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, 3, *size])
    model.graph.input.append(given)
    return _folded(model.SerializeToString())


def _folded(graph: bytes) -> bytes:
    """`graph` with all that is the same for every picture computed already."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return (Path(folder) / "folded.onnx").read_bytes()
