"""To OpenVINO's own files: model.xml and model.bin, from pixels to probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.openvino_alone import openvino_alone
from linnaeus.exporting.answer_graph import answer_graph
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.source import Source
from linnaeus.exporting.trees import graph_without_trees

__all__ = ["to_openvino"]


def to_openvino(source: Source, folder: Path) -> tuple[Answering, dict[str, Any]]:
    """Write model.xml and model.bin to `folder`, weights as they are.

    Raises BundleError as `trees.graph_without_trees` does.
    """
    graph = answer_graph(source.record, graph_without_trees(source))
    openvino = openvino_alone()
    model = openvino.Core().read_model(graph)
    openvino.save_model(model, folder / "model.xml", compress_to_fp16=False)
    return lambda pixels: _run(folder / "model.xml", pixels), {}


def _run(file: Path, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    openvino = openvino_alone()
    settings = {openvino.properties.hint.inference_precision: "f32"}
    compiled = openvino.Core().compile_model(str(file), "CPU", settings)
    return np.concatenate([np.array(compiled([one[None]])[0]) for one in pixels])
