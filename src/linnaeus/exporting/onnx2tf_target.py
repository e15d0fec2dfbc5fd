"""To TensorFlow's SavedModel or to LiteRT, by onnx2tf, which has an environment of its own.

It asks for older versions of packages than Linnaeus works with, so it is called as a command, and
what it makes is tried by the Python that it runs with.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from linnaeus.errors import BundleError, MissingError, Shortfall
from linnaeus.exporting.answer_graph import answer_graph, without_normalisation
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.elsewhere import answers_of
from linnaeus.exporting.source import Source
from linnaeus.randomness import generator

__all__ = ["to_litert", "to_tensorflow"]

COMMAND = "onnx2tf"
TIMEOUT_S = 1800.0
LAST_LINES = 3

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


def to_tensorflow(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write saved_model.pb and what belongs to it to `folder`, for one picture at a time."""
    made = _converted(source, folder, "tensorflow")
    for name in OF_SAVED_MODEL:
        if (made / name).exists():
            shutil.move(made / name, folder / name)
    shutil.rmtree(made)
    return _answering(WITH_TENSORFLOW.format(place=str(folder)), "tensorflow"), {}


def to_litert(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write model.tflite to `folder`, in float32 and for one picture at a time."""
    made = _converted(source, folder, "litert")
    (file,) = made.glob("*_float32.tflite")
    shutil.move(file, folder / "model.tflite")
    shutil.rmtree(made)
    return _answering(WITH_LITERT.format(place=str(folder / "model.tflite")), "litert"), {}


def _answering(program: str, target: str) -> Answering:
    command = _command(target).resolve()
    python = command.with_name("python")
    if not python.exists():
        raise MissingError(
            "no python stands beside the command onnx2tf, so what it makes cannot be tried",
            where=str(command),
            mend="Install it in an environment of its own, with: pipx install onnx2tf",
        )
    return lambda pixels: answers_of(
        program, pixels, path=(), where=f"--to {target}", python=python
    )


def _command(target: str) -> Path:
    found = shutil.which(COMMAND)
    if found is None:
        raise MissingError(
            "it needs the command onnx2tf, which is not installed",
            where=f"--to {target}",
            mend="Install it in an environment of its own, with: pipx install onnx2tf &&"
            " pipx inject onnx2tf tensorflow",
        )
    return Path(found)


def _converted(source: Source, folder: Path, target: str) -> Path:
    """The folder of what onnx2tf makes of the bundle's graph. Raises Shortfall where it fails."""
    command = _command(target)
    made = folder.with_name("converted")
    made.mkdir()
    graph = made / "model.onnx"
    graph.write_bytes(_channels_first(source))
    any_pictures = generator(0, "pictures for onnx2tf").random((20, 128, 128, 3), np.float32)
    np.save(made / DOWNLOADED, any_pictures)
    options: list[str | Path] = ["-i", graph, "-o", made, "-b", "1", "-osd", "-n"]
    try:
        done = subprocess.run(  # noqa: S603 - the command that was asked for
            [command, *options],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=made,
        )
        why = " ".join((done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:])
        failed = done.returncode != 0
    except subprocess.TimeoutExpired:
        failed, why = True, f"no end within {TIMEOUT_S:.0f} s"
    if failed:
        raise Shortfall(
            f"onnx2tf cannot convert it ({why})",
            where=f"--to {target}",
            mend="Nothing was written. Export it to onnx or openvino.",
        )
    return made


def _channels_first(source: Source) -> bytes:
    """The bundle's graph for pixels (1, 3, height, width), which onnx2tf turns channels last.

    Raises BundleError where an answer is a mean over views, of which it would lose track.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    record = source.record
    if record.serving.test_time_augmentation != "none":
        raise BundleError(
            "its answers are means over several views of a picture, which onnx2tf cannot follow",
            where=str(source.folder),
            mend="Export it to onnx or openvino.",
        )
    size = (record.preprocessing.height_px, record.preprocessing.width_px)
    bare = without_normalisation(answer_graph(record, source.graph()), size)
    model = onnx.load_from_string(bare.graph)
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
