"""From a torch module to the bundle's ONNX graph, with normalisation inside it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

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
        return file.read_bytes()


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
