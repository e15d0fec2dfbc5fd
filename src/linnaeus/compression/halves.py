"""Weights of half the size: kept in 16 bits, computed with in float32 as before."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import Shortfall

__all__ = ["Half", "halved_graph", "halved_weights"]

Half = Literal["float16", "bfloat16"]
"""float16 keeps 11 bits of a number of up to 65,504; bfloat16 keeps 8 bits, of any number."""

FEWEST = 256
"""Numbers in a tensor worth the node that widens it again; biases and scales stay as they are."""


def halved_graph(graph: bytes, half: Half) -> bytes:
    """The ONNX file `graph` with its large float32 constants in `half`, each behind a Cast.

    Runtimes widen them once, when they open it, so that only the rounding of the weights tells its
    answers from those of before. Raises Shortfall where a weight is too large for float16.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(graph)
    body = model.graph
    casts = []
    for constant in body.initializer:
        if constant.data_type != TensorProto.FLOAT or math.prod(constant.dims) < FEWEST:
            continue
        name = constant.name
        constant.CopyFrom(_halved_constant(constant, half))
        cast = helper.make_node(
            "Cast", [constant.name], [name], f"{name}.wide", to=TensorProto.FLOAT
        )
        casts.append(cast)
    nodes = [*casts, *body.node]
    del body.node[:]
    body.node.extend(nodes)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def halved_weights(weights: bytes) -> bytes:
    """The safetensors file `weights` with its large float32 tensors in float16.

    Raises Shortfall as `halved_graph` does.
    """
    from safetensors.numpy import load, save

    tensors = {
        name: _float16(one, name) if one.dtype == np.float32 and one.size >= FEWEST else one
        for name, one in load(weights).items()
    }
    content: bytes = save(tensors)
    return content


def _halved_constant(constant: Any, half: Half) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    values, name = numpy_helper.to_array(constant), f"{constant.name}.half"
    if half == "bfloat16":
        bits = _upper_half(values).tobytes()
        return helper.make_tensor(name, TensorProto.BFLOAT16, values.shape, bits, raw=True)
    return numpy_helper.from_array(_float16(values, constant.name), name)


def _upper_half(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper 16 bits of float32, which are a bfloat16, rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(values, "<f4").view("<u4")
    rounding = ((bits >> 16) & 1) + np.uint32(0x7FFF)
    upper: NDArray[np.uint16] = ((bits + rounding) >> 16).astype("<u2")
    return upper


def _float16(values: Any, name: str) -> Any:
    with np.errstate(over="ignore"):
        halved = values.astype(np.float16)
    if not np.isfinite(halved).all():
        raise Shortfall(
            f"the weights {name} hold numbers beyond 65,504, which float16 does not have",
            where="--method float16",
            mend="Use --method bfloat16 or int8.",
        )
    return halved
