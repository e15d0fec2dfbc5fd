"""Weights of half the size: kept in float16, computed with in float32 as before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from linnaeus.errors import Shortfall

__all__ = ["halved_graph", "halved_weights"]

FEWEST = 256
"""Numbers in a tensor worth the node that widens it again; biases and scales stay as they are."""


def halved_graph(graph: bytes) -> bytes:
    """The ONNX file `graph` with its large float32 constants in float16, each behind a Cast.

    Runtimes widen them once, when they open it, so that only the rounding of the weights to 11 bits
    tells its answers from those of before. Raises Shortfall where a weight is too large for
    float16.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(graph)
    body = model.graph
    casts = []
    for constant in body.initializer:
        if constant.data_type != TensorProto.FLOAT or math.prod(constant.dims) < FEWEST:
            continue
        name, halved = constant.name, _halved(numpy_helper.to_array(constant), constant.name)
        constant.CopyFrom(numpy_helper.from_array(halved, f"{name}.half"))
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
        name: _halved(one, name) if one.dtype == np.float32 and one.size >= FEWEST else one
        for name, one in load(weights).items()
    }
    content: bytes = save(tensors)
    return content


def _halved(values: Any, name: str) -> Any:
    with np.errstate(over="ignore"):
        halved = values.astype(np.float16)
    if not np.isfinite(halved).all():
        raise Shortfall(
            f"the weights {name} hold numbers beyond 65,504, which float16 does not have",
            where="--method float16",
            mend="Use --method int8.",
        )
    return halved
