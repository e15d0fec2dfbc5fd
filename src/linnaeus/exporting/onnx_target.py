"""To ONNX: one graph from pixels to probabilities, or from normalised numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.exporting.answer_graph import answer_graph, normalised_answer_graph
from linnaeus.exporting.compared import Answering
from linnaeus.exporting.source import Source
from linnaeus.files import write_whole

__all__ = ["to_onnx"]

FILE = "model.onnx"


def to_onnx(
    source: Source, folder: Path, *, preprocessing: bool
) -> tuple[Answering, dict[str, Any]]:
    """Write model.onnx to `folder`; what runs it, and what its input is.

    With `preprocessing`, normalisation is inside, and it takes uint8 pixels.
    """
    if preprocessing:
        write_whole(folder / FILE, answer_graph(source.record, source.graph()))
        return lambda pixels: _run(folder / FILE, "pixels", pixels), {}
    size = source.record.preprocessing
    bare = normalised_answer_graph(source.record, source.graph())
    write_whole(folder / FILE, bare.graph)
    facts = {
        "input": {
            "name": "normalised",
            "type": "float32",
            "shape": ["n", 3, size.height_px, size.width_px],
            "meaning": "(pixel - mean) / std, channels first, red first",
            "mean": list(bare.mean),
            "std": list(bare.std),
        }
    }
    return lambda pixels: _run(folder / FILE, "normalised", bare.numbers(pixels)), facts


def _run(file: Path, name: str, given: NDArray[Any]) -> NDArray[np.float32]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    answers = [session.run(["probabilities"], {name: one[None]})[0] for one in given]
    return np.concatenate(answers)
