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

from linnaeus.bundle.record import BundleRecord
from linnaeus.errors import MissingError, Shortfall
from linnaeus.exporting.answer_graph import normalised_answer_graph
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.float_graph import in_floats
from linnaeus.exporting.source import Source
from linnaeus.exporting.trees import graph_without_trees
from linnaeus.randomness import generator

__all__ = ["to_litert", "to_tensorflow"]

COMMAND = "onnx2tf"
TIMEOUT_S = 1800.0
OPENING_S = 60.0
GRAPH = "model.onnx"
AS_OF_OLD = "-osd"
"""By way of TensorFlow, with a signature; that takes more operators and several times as long."""

LAST_LINES = 3
BAR = re.compile(r"\d+%\|")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

DOWNLOADED = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""What onnx2tf tries itself on, and fetches where it does not lie in its working directory."""

OF_SAVED_MODEL = ("saved_model.pb", "variables", "assets", "fingerprint.pb")

WHAT_IS_THERE = """
from importlib.metadata import version
from importlib.util import find_spec
print(version("onnx2tf"), find_spec("tensorflow") is not None)
"""

WITH_TENSORFLOW = """
import numpy, tensorflow
run = tensorflow.saved_model.load({place!r}).signatures["serving_default"]
pixels = numpy.load(sys.argv[1] + "/pixels.npy")
rows = [run(pixels=tensorflow.constant(one[None]))[{output!r}].numpy() for one in pixels]
numpy.save(sys.argv[1] + "/answers.npy", numpy.concatenate(rows))
"""

WITH_LITERT = """
import numpy
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tensorflow.lite import Interpreter
run = Interpreter({place!r}).get_signature_runner("serving_default")
pixels = numpy.load(sys.argv[1] + "/pixels.npy")
rows = [run(pixels=one[None])["probabilities"] for one in pixels]
numpy.save(sys.argv[1] + "/answers.npy", numpy.concatenate(rows))
"""

IN_FLOATS = (
    "It computes in float32 what the bundle does in whole numbers, rounded between layers to the"
    " same steps: it answers as the bundle does, but is no smaller and no faster than what that was"
    " made from."
)


def to_tensorflow(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write saved_model.pb and what belongs to it to `folder`, for one picture at a time.

    Raises BundleError as `trees.graph_without_trees` does.
    """
    graph = graph_without_trees(source)
    onnx2tf = _Onnx2tf.found("tensorflow")
    ways = (
        ((AS_OF_OLD,),) if onnx2tf.before_2 else (("-fdosm",), ("-tb", "tf_converter", AS_OF_OLD))
    )
    made, options = onnx2tf.converted(source.record, graph, folder, "saved_model.pb", ways)
    for name in OF_SAVED_MODEL:
        if (made.parent / name).exists():
            shutil.move(made.parent / name, folder / name)
    shutil.rmtree(made.parent)
    output = "output_0" if AS_OF_OLD in options else "probabilities"
    program = WITH_TENSORFLOW.format(place=str(folder), output=output)
    shape = [1, len(source.record.classes)]
    named = {"output": {"name": output, "type": "float32", "shape": shape}}
    return onnx2tf.answering(program), {**_said(source, onnx2tf, options), **named}


def to_litert(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write model.tflite to `folder`, in float32 and for one picture at a time.

    Raises BundleError as `trees.graph_without_trees` does.
    """
    graph = graph_without_trees(source)
    onnx2tf = _Onnx2tf.found("litert")
    ways = ((AS_OF_OLD,),) if onnx2tf.before_2 else ((),)
    made, options = onnx2tf.converted(source.record, graph, folder, "model_float32.tflite", ways)
    shutil.move(made, folder / "model.tflite")
    shutil.rmtree(made.parent)
    program = WITH_LITERT.format(place=str(folder / "model.tflite"))
    return onnx2tf.answering(program), _said(source, onnx2tf, options)


def _said(source: Source, onnx2tf: _Onnx2tf, options: Sequence[str]) -> dict[str, Any]:
    made_by = {"onnx2tf": onnx2tf.version, "options": list(options)}
    return {"made_by": made_by, "notices": [] if source.exact else [IN_FLOATS]}


@dataclass(frozen=True)
class _Onnx2tf:
    """The command onnx2tf, the Python that it runs with, and its version."""

    command: Path
    python: Path
    version: str
    target: str

    @classmethod
    def found(cls, target: str) -> _Onnx2tf:
        """That which is installed. Raises MissingError where there is none, or no TensorFlow that
        it takes for `target`."""
        command = shutil.which(COMMAND)
        if command is None:
            raise _missing("it needs the command onnx2tf, which is not installed", target)
        python = Path(command).resolve().with_name("python")
        if not python.exists():
            lacking = f"no python stands beside {command}, so what it makes cannot be tried"
            raise _missing(lacking, target)
        try:
            asked = subprocess.run(  # noqa: S603 - the command's own Python
                [python, "-c", WHAT_IS_THERE],
                capture_output=True,
                text=True,
                timeout=OPENING_S,
                check=True,
            )
        except subprocess.SubprocessError:
            raise _missing(f"the python beside {command} does not have it", target) from None
        version, tensorflow = asked.stdout.split()
        found = cls(Path(command), python, version, target)
        if tensorflow == "False" and (target == "tensorflow" or found.before_2):
            raise _missing(f"it needs TensorFlow beside {command}, which is not installed", target)
        return found

    @property
    def before_2(self) -> bool:
        """Whether it makes everything by way of TensorFlow."""
        return int(self.version.split(".")[0]) < 2

    def converted(
        self,
        record: BundleRecord,
        of_bundle: bytes,
        folder: Path,
        name: str,
        ways: Sequence[Sequence[str]],
    ) -> tuple[Path, Sequence[str]]:
        """The file called `name` that it makes of the graph `of_bundle`, in a folder of its own.

        `ways`: options to try one after the other, until one is; that comes second. Raises
        Shortfall where each fails.
        """
        graph, why = _channels_first(record, of_bundle), ""
        for options in ways:
            made = folder.with_name("converted")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            (made / GRAPH).write_bytes(graph)
            random = generator(0, "pictures for onnx2tf")
            np.save(made / DOWNLOADED, random.random((20, 128, 128, 3), np.float32))
            why = self._fails(made, options)
            if not why and (made / name).exists():
                return made / name, options
        raise Shortfall(
            f"onnx2tf cannot convert it ({why or f'it made no {name}'})",
            where=f"--to {self.target}",
            mend="Nothing was written. Export it to onnx or openvino.",
        )

    def _fails(self, made: Path, options: Sequence[str]) -> str:
        """Convert the graph in the folder `made`; why it does not go, or nothing."""
        given = [str(self.command), "-i", GRAPH, "-o", str(made), "-b", "1", "-n", *options]
        try:
            done = subprocess.run(  # noqa: S603 - the command that was asked for
                given, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=made
            )
        except subprocess.TimeoutExpired:
            return f"no end within {TIMEOUT_S:.0f} s"
        said = _last_lines(done.stderr) or _last_lines(done.stdout)
        return (said or "it does not say why") if done.returncode != 0 else ""

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


def _last_lines(said: str) -> str:
    """The end of what a program `said`, without the bars of progress that it drew."""
    lines = [line for line in said.splitlines() if line.strip() and not BAR.search(line)]
    return " ".join(COLOUR.sub("", line).strip() for line in lines[-LAST_LINES:])


def _channels_first(record: BundleRecord, graph: bytes) -> bytes:
    """The bundle's `graph` for pixels (1, 3, height, width), which onnx2tf turns channels last."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    size = (record.preprocessing.height_px, record.preprocessing.width_px)
    bare = normalised_answer_graph(record, graph)
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
