"""Taking the steps of a method, one after the other, from the original network to a smaller one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from safetensors.numpy import save

from linnaeus.compression.distillation import distilled
from linnaeus.compression.halves import halved_graph, halved_weights
from linnaeus.compression.int8 import in_whole_numbers
from linnaeus.compression.making import Making
from linnaeus.compression.model import Model, model_of
from linnaeus.compression.pruning import pruned
from linnaeus.compression.sparsity import made_sparse
from linnaeus.randomness import generator

__all__ = ["CALIBRATING", "made_by"]

CALIBRATING = 100
"""Training pictures that show the ranges of INT8's numbers."""


def made_by(steps: tuple[str, ...], making: Making) -> Model:
    """The original's network after `steps`."""
    model = model_of(making.original)
    for step in steps:
        model = TAKEN[step](model, making)
    return model


def _float16(model: Model, making: Making) -> Model:
    return replace(
        model,
        graph=halved_graph(model.graph, "float16"),
        weights=halved_weights(model.weights),
        done=(*model.done, "its weights are kept in float16"),
    )


def _bfloat16(model: Model, making: Making) -> Model:
    """Without weights to train on: rounded so coarsely, they give another network than the graph,
    in which they are rounded after they were multiplied by what normalises each layer."""
    return _without_weights(
        replace(
            model,
            graph=halved_graph(model.graph, "bfloat16"),
            done=(*model.done, "its weights are kept in bfloat16"),
        )
    )


def _int8(model: Model, making: Making) -> Model:
    parted = making.original.parted
    drawn = generator(making.seed, "pictures for INT8").permutation(parted.train)
    rows = drawn[:CALIBRATING]
    with making.progress.stage("Seeing the ranges of INT8, and rounding weights"):
        graph = in_whole_numbers(model.graph, list(parted.pixels.take(rows)), making.seed)
    seen = f"their ranges seen on {len(rows):,} training pictures"
    return _without_weights(
        replace(
            model,
            graph=graph,
            precision="int8",
            done=(*model.done, f"its convolutions are in INT8, {seen}"),
        )
    )


def _without_weights(model: Model) -> Model:
    """`model` as it answers, with nothing that training could go on with."""
    facts = {name: fact for name, fact in model.facts.items() if name != "structure"}
    return replace(model, weights=save({}), facts=facts)


TAKEN: dict[str, Callable[[Model, Making], Model]] = {
    "distill": distilled,
    "prune": pruned,
    "sparse": made_sparse,
    "float16": _float16,
    "bfloat16": _bfloat16,
    "int8": _int8,
}
