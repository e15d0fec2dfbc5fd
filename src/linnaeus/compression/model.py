"""A network on its way from one bundle to a smaller one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linnaeus.bundle.record import WEIGHTS_FILE, Precision
from linnaeus.compression.original import Original
from linnaeus.files import write_whole

__all__ = ["Model", "model_of"]


@dataclass(frozen=True, eq=False)
class Model:
    """All of a network that a bundle keeps.

    `graph`: the ONNX file; `weights`: the safetensors file. `facts`: what the record says of the
    network (its name, architecture, structure, parameters …). `precision`: that which the graph
    itself decides on; None: any that this machine has. `done`: what was done to it, as clauses.
    """

    graph: bytes
    weights: bytes
    facts: dict[str, Any]
    precision: Precision | None = None
    done: tuple[str, ...] = ()

    def save_weights(self, place: Path) -> None:
        """Write the safetensors file."""
        write_whole(place, self.weights)


def model_of(original: Original) -> Model:
    """The network of the original bundle as it is."""
    weights = (original.folder / WEIGHTS_FILE).read_bytes()
    return Model(original.graph, weights, dict(original.record.model))
