"""A graph in whole numbers of 8 bits: static quantisation, its ranges seen on training pictures."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.compression.first_layer import one_scale, read_as_they_are
from linnaeus.compression.means import means_as_they_lie
from linnaeus.compression.rounding import well_rounded
from linnaeus.compression.silent_channels import without_silent_channels
from linnaeus.compression.zero_points import zeros_in_biases

__all__ = ["in_whole_numbers"]

Pixels = NDArray[np.uint8]

LAYERS = ("Conv", "Add", "Clip", "Relu")
"""What is computed in INT8. The rest, and the head, stay in float32: they are little work.

Depthwise convolutions too: with AVX2 alone OpenVINO computes them no faster than in float32 (0.93
ms for 17 in place of 0.82), but widening maps before them and rounding them behind costs more than
that (4.87 ms for all in place of 4.53)."""

ROUNDED_BY = 32
"""Pictures that show how the inputs of a layer hang together: 256 places of each are 8,192 samples
of some hundreds of numbers."""


def in_whole_numbers(graph: bytes, pictures: Sequence[Pixels], seed: int) -> bytes:
    """The ONNX file `graph` with its convolutions in INT8, between nodes that quantise (QDQ).

    `pictures` (h, w, 3) uint8 show what ranges the numbers between layers have, and how the inputs
    of a layer hang together; a hundred do. Weights have a scale for each channel that they give,
    maps one each, from their least to their largest number; pixels are taken as they are.

    Test accuracy of mobilenetv2_100 on trashnet192, on a processor without VNNI: 87.7 % in
    float32; with weights of 8 bits rounded to the nearest 67 %, one after the other 64 % (sums of
    products overflow); with weights of 7 bits 39 %, and one after the other, as here, 88.1 %.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, _silent():
        given, folded, made = (Path(folder) / f"{one}.onnx" for one in ("given", "folded", "made"))
        given.write_bytes(graph)
        quant_pre_process(str(given), str(folded), skip_symbolic_shape=True)
        exact = onnx.load(folded)
        means_as_they_lie(exact)
        without_silent_channels(exact)
        scaled = one_scale(exact)
        _forget_unused(exact.graph)
        onnx.save(exact, folded)
        known = {} if scaled is None else {scaled.name: scaled.quantisation()}
        quantize_static(
            str(folded),
            str(made),
            _reader(pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(LAYERS),
            per_channel=True,
            reduce_range=True,  # see rounding.LEVELS
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"TensorQuantOverrides": known},
        )
        better = well_rounded(exact, onnx.load(made), pictures[:ROUNDED_BY], seed)
        if scaled is not None:
            read_as_they_are(better, scaled)
        zeros_in_biases(better)
        _forget_unused(better.graph)
    content: bytes = better.SerializeToString(deterministic=True)
    return content


def _forget_unused(graph: Any) -> None:
    """Keep no constants that nothing uses any more."""
    used = {name for node in graph.node for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


@contextmanager
def _silent() -> Iterator[None]:
    """Without what ONNX Runtime advises those who quantise by hand, through the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _reader(pictures: Sequence[Pixels]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Hands out one picture at a time, as ONNX Runtime asks for them."""

        def __init__(self) -> None:
            self._left: Iterator[Pixels] = iter(pictures)

        def get_next(self) -> dict[str, Pixels] | None:
            picture = next(self._left, None)
            return None if picture is None else {"pixels": picture[None]}

    return Reader()
