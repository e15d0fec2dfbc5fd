"""An ONNX graph that is put together node by node."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DESCRIBED", "FEATURES", "LOGITS", "Growing", "graph_of_descriptions"]

OPSET, IR_VERSION = 18, 10  # read by every runtime that a bundle may meet
DESCRIBED, FEATURES, LOGITS = "described", "features", "logits"
ROWS = "n"


class Growing:
    """An ONNX graph to which nodes are added.

    `model` is an ONNX file. Nodes, and what they give, are named by kind and count.
    """

    def __init__(self, model: bytes) -> None:
        import onnx

        self.model: Any = onnx.load_from_string(model)
        self.body: Any = self.model.graph

    def constant(self, values: NDArray[Any]) -> str:
        """The name of new constant `values`; those of float64 become float32."""
        from onnx import numpy_helper

        array = values.astype(np.float32) if values.dtype == np.float64 else values
        name = f"constant_{len(self.body.initializer)}"
        self.body.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, *inputs: str, to: str = "", **settings: Any) -> str:
        """Add a node of `kind`; the name of what it gives, which is `to` where that is said."""
        return self.add_pair(kind, *inputs, to=(to,), **settings)[0]

    def add_pair(
        self, kind: str, *inputs: str, to: tuple[str, ...] = ("", ""), **settings: Any
    ) -> list[str]:
        """Add a node that gives as many things as `to` names, "" leaving a name open."""
        from onnx import helper

        name = f"{kind}_{len(self.body.node)}"
        outputs = [given or f"{name}_{place}" for place, given in enumerate(to)]
        self.body.node.append(helper.make_node(kind, list(inputs), outputs, name=name, **settings))
        return outputs

    def cast(self, name: str) -> str:
        """What is called `name`, as float32."""
        from onnx import TensorProto, helper

        made = f"Cast_{len(self.body.node)}"
        self.body.node.append(helper.make_node("Cast", [name], [made], made, to=TensorProto.FLOAT))
        return made

    def set_features_aside(self) -> str:
        """Give what is called `features` another name, for new ones to bear it; that name."""
        aside = f"{FEATURES}_before"
        for node in self.body.node:
            for names in (node.input, node.output):
                names[:] = [aside if name == FEATURES else name for name in names]
        return aside

    def done(self, **widths: int) -> bytes:
        """The ONNX file, checked, with outputs (n, width) of the `widths` given by name.

        Other outputs stay.
        """
        import onnx
        from onnx import TensorProto, helper

        kept = [one for one in self.body.output if one.name not in widths]
        made = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [ROWS, width])
            for name, width in widths.items()
        ]
        del self.body.output[:]
        self.body.output.extend([*made, *kept])
        onnx.checker.check_model(self.model)
        content: bytes = self.model.SerializeToString(deterministic=True)
        return content


def graph_of_descriptions(shape: tuple[int, ...], dtype: type[np.generic]) -> Growing:
    """A graph without nodes that takes descriptions (n, *shape) as `described`."""
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    taken = helper.make_tensor_value_info(DESCRIBED, kind, [ROWS, *shape])
    body = helper.make_graph([], "classical", [taken], [])
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return Growing(model.SerializeToString(deterministic=True))
