"""A learnt network as what a bundle holds: a graph, and weights by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from linnaeus.evaluation.facts import EpochFacts
from linnaeus.files import write_whole
from linnaeus.models.export import FeatureGraph, append_head, export_features
from linnaeus.models.network import Network
from linnaeus.training.head import Head
from linnaeus.training.row import Row

__all__ = [
    "epoch_facts",
    "graph_of",
    "save_network",
    "save_probe",
    "speed_of",
    "take_weights",
]


def graph_of(normalise: nn.Module, network: Network, height_px: int, width_px: int) -> bytes:
    """The ONNX file of `network` for pixels of one size, its features an output beside its logits.

    Takes seconds, as `models.export.export_features` does.
    """
    graph = export_features(FeatureGraph(normalise, _Features(network)), height_px, width_px)
    weight, bias = (t.detach().numpy() for t in (network.head.weight, network.head.bias))
    return append_head(graph, weight, bias)


def save_network(path: Path, normalise: nn.Module, network: nn.Module) -> None:
    """Write the weights of `network` behind `normalise` to `path` as safetensors."""
    _save(path, _named("normalise", normalise) | _named("network", network))


def take_weights(path: Path, normalise: nn.Module, network: nn.Module) -> None:
    """Give `network`, behind `normalise`, the weights that `save_network` wrote of its like."""
    from safetensors.torch import load_file

    kept = load_file(str(path))
    for above, module in (("normalise.", normalise), ("network.", network)):
        own = {name.removeprefix(above): t for name, t in kept.items() if name.startswith(above)}
        module.load_state_dict(own)


def save_probe(path: Path, normalise: nn.Module, stages: nn.Module, head: Head) -> None:
    """Write the weights of frozen `stages` and of the `head` on their features to `path`."""
    tensors = _named("normalise", normalise) | _named("network.body", stages)
    tensors["network.head.weight"] = torch.from_numpy(np.ascontiguousarray(head.weight))
    tensors["network.head.bias"] = torch.from_numpy(head.bias)
    _save(path, tensors)


def _named(part: str, module: nn.Module) -> dict[str, Tensor]:
    return {f"{part}.{name}": tensor for name, tensor in module.state_dict().items()}


def epoch_facts(row: Row, stage: str, *, after: float = 0.0) -> EpochFacts:
    """A row of a stage's history for the report; `after` so many passes of earlier stages."""
    figures = (row.train_loss, row.validation_loss, row.validation_accuracy, row.train_accuracy)
    train_loss, loss, accuracy, train_accuracy = (None if math.isnan(f) else f for f in figures)
    return EpochFacts(after + row.epoch, train_loss, loss, accuracy, train_accuracy, stage)


def speed_of(rows: Sequence[Row]) -> float:
    """Pictures a second over all `rows`, at least one, which are of about as many pictures each."""
    return len(rows) / sum(1 / row.pictures_a_second for row in rows)


def _save(path: Path, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save

    write_whole(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}))


class _Features(nn.Module):
    """The network without its head, as a module that can be exported."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.features(x)
