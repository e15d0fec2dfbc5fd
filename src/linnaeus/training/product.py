"""What comes of a pretrained network: its graph, its weights, and what to say of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from linnaeus.images.preprocess import Preprocessing
from linnaeus.models.export import append_head
from linnaeus.training.exported import graph_of, save_network, save_probe
from linnaeus.training.head import Head
from linnaeus.training.probe import Probe, Probed
from linnaeus.training.tunable import Tunable

__all__ = ["Product", "probe_product", "probe_remarks", "tuned_product"]


class Product(NamedTuple):
    """An ONNX file, what writes the weights beside it as safetensors, and how many there are."""

    graph: bytes
    save_weights: Callable[[Path], None]
    parameters: int


def probe_product(probe: Probe, head: Head) -> Product:
    """Of the frozen network of `probe` and the `head` on its features."""
    normalise, stages = probe.module.normalise, probe.stages
    count = sum(p.numel() for p in probe.module.parameters())
    return Product(
        graph=append_head(probe.graph, head.weight, head.bias),
        save_weights=lambda path: save_probe(path, normalise, stages, head),
        parameters=count + head.weight.size + head.bias.size,
    )


def tuned_product(tunable: Tunable, size: Preprocessing) -> Product:
    """Of a network that the loop has taught, for pictures of one size. Takes seconds."""
    normalise, network = tunable.normalise, tunable.network
    return Product(
        graph=graph_of(normalise, network, size.height_px, size.width_px),
        save_weights=lambda path: save_network(path, normalise, network),
        parameters=sum(p.numel() for p in network.parameters()),
    )


def probe_remarks(probed: Probed, train: int, *, as_asked: bool, tuned: bool) -> tuple[str, ...]:
    """How its head came about, of `train` pictures; `as_asked`: the recipe says of how many;
    `tuned`: it was learnt on from, by all of them.
    """
    head, used = probed.head, len(probed.used)
    how = f"the best of {len(head.tried)} on validation" if head.tried else "the default"
    chosen = f"The head's regularisation has strength {head.strength:g}, {how}."
    if tuned:
        began = f"It began with a head fitted on {used:,} of the {train:,} training pictures."
        return (chosen, began) if used < train else (chosen,)
    why = "as the recipe says" if as_asked else "all that there was time for"
    fewer = f"It has learnt from {used:,} of the {train:,} training pictures, {why}."
    return (chosen, fewer) if used < train else (chosen,)
