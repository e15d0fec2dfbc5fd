"""From a torch module to the bundle's ONNX graph, with normalisation inside it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

__all__ = ["FeatureGraph", "append_head", "export_features"]


class FeatureGraph(nn.Module):
    """Pixels to features: (n, height, width, 3) uint8 RGB to (n, d) float32.

    `normalise` turns pixels into what `extractor` expects, (n, 3, height, width) float32.
    """

    def __init__(self, normalise: nn.Module, extractor: nn.Module) -> None:
        super().__init__()
        self.normalise = normalise
        self.extractor = extractor

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Features of each picture."""
        features: torch.Tensor = self.extractor(self.normalise(pixels))
        return features


def export_features(graph: FeatureGraph, height_px: int, width_px: int) -> bytes:
    """The ONNX file of `graph` for pictures of one size, any number of them.

    Input `pixels` (n, height, width, 3) uint8; output `features` (n, d) float32. Takes seconds:
    torch traces the module, and its first export in a process loads the exporter.
    """
    pixels = torch.zeros(2, height_px, width_px, 3, dtype=torch.uint8)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # the exporter's advice is to its own authors
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        file = Path(folder) / "features.onnx"
        with _nothing_in_place(graph):
            torch.onnx.export(
                graph.eval(),
                (pixels,),
                str(file),
                input_names=["pixels"],
                output_names=["features"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                external_data=False,
                verbose=False,
            )
        return _in_one_form(file.read_bytes())


@contextmanager
def _nothing_in_place(graph: nn.Module) -> Iterator[None]:
    """Meanwhile no module of `graph` changes its input in place.

    The exporter takes such changes apart one by one: 3 of 9 s for mobilenetv2_100, whose ONNX file
    is the same without.
    """
    changing = [module for module in graph.modules() if getattr(module, "inplace", False) is True]
    for module in changing:
        module.inplace = False  # type: ignore[assignment]
    try:
        yield
    finally:
        for module in changing:
            module.inplace = True  # type: ignore[assignment]


def _in_one_form(graph: bytes) -> bytes:
    """The ONNX file as it is each time that the same network is exported.

    The exporter notes the files and lines that led to each node, paths of this machine that are
    nobody's business, and numbers what it names itself by all that it has exported before.
    """
    import onnx

    model = onnx.load_from_string(graph)
    body = model.graph
    noted = [model, body, *body.node, *body.value_info, *body.input, *body.output]
    for one in (*noted, *body.initializer):
        del one.metadata_props[:]
    _number(body)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _number(body: Any) -> None:
    """Name nodes, what they give and nameless constants by their place in the graph `body`.

    A graph with graphs inside it keeps its names, which those share.
    """
    if any(attribute.HasField("g") for node in body.node for attribute in node.attribute):
        return
    outside = {value.name for value in (*body.input, *body.output)}
    made = [name for node in body.node for name in node.output if name]
    constants = [one.name for one in body.initializer if "." not in one.name]
    named = {
        old: f"value_{place}" for place, old in enumerate((*constants, *made)) if old not in outside
    }
    for place, node in enumerate(body.node):
        node.name = f"{node.op_type}_{place}"
        node.input[:] = [named.get(name, name) for name in node.input]
        node.output[:] = [named.get(name, name) for name in node.output]
    for one in (*body.initializer, *body.value_info):
        one.name = named.get(one.name, one.name)
    values = sorted(body.value_info, key=lambda one: str(one.name))
    constants_in_order = sorted(body.initializer, key=lambda one: str(one.name))
    del body.value_info[:], body.initializer[:]
    body.value_info.extend(values)
    body.initializer.extend(constants_in_order)


def append_head(graph: bytes, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> bytes:
    """Add `logits = features @ weight.T + bias` to the ONNX file `graph`.

    `weight` (classes, d) and `bias` (classes,) float32. The features stay an output.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(graph)
    body = model.graph
    body.initializer.append(numpy_helper.from_array(weight.astype(np.float32), "head.weight"))
    body.initializer.append(numpy_helper.from_array(bias.astype(np.float32), "head.bias"))
    inputs = ["features", "head.weight", "head.bias"]
    body.node.append(helper.make_node("Gemm", inputs, ["logits"], name="head", transB=1))
    rows = body.output[0].type.tensor_type.shape.dim[0].dim_param or "n"
    shape = [rows, len(bias)]
    body.output.insert(0, helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
