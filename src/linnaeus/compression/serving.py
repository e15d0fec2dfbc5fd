"""How a smaller model is served: by the engine that is faster, in a precision that suits it."""

from __future__ import annotations

import importlib.util

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.record import Engine
from linnaeus.bundle.runtime import Session
from linnaeus.compression.model import Model
from linnaeus.compression.original import Original
from linnaeus.compression.timing import answer_times
from linnaeus.data.pixels import ChosenRows
from linnaeus.models.classical.tree_graphs import DOMAIN
from linnaeus.progress import Progress
from linnaeus.training.serving import Served, serve, served_in
from linnaeus.training.telling_unknown import held_out_places

__all__ = ["AGREEING", "served_best"]

AGREEING = 0.98
"""Share of held-out pictures that both engines give the same class; below it they are told apart.
Whole numbers are rounded in other places by each."""

TIMED = 40
"""Held-out pictures that both engines are timed on."""


def served_best(model: Model, original: Original, seed: int, progress: Progress) -> Served:
    """How `model` will be served, and its answers to the held-out pictures.

    Told where two engines do not agree on them.
    """
    parted = original.parted
    pixels = ChosenRows(parted.pixels, parted.validation)
    views = original.record.serving.test_time_augmentation
    keep = held_out_places(len(parted.validation), seed).tolist()
    if model.precision is None:
        truth = parted.dataset.truth[parted.validation]
        return serve(
            model.graph,
            pixels,
            truth,
            engine="openvino" if original.classifier.engine == "openvino" else "onnxruntime",
            asked="auto",
            views=views,
            keep=keep,
        )
    engines = _engines(model.graph)
    kept = frozenset(keep)
    served = [
        served_in(model.graph, pixels, one, views, None, kept, model.precision, "")
        for one in engines
    ]
    if len(served) == 1:
        return served[0].because(f"{engines[0]} is the only runtime here that runs it")
    same = _agreement(served[0].logits, served[1].logits)
    if same < AGREEING:
        progress.warn(
            f"{engines[0]} and {engines[1]} give the same class for only {100 * same:.1f} % of the"
            " held-out pictures: elsewhere this model may answer otherwise than it was judged."
        )
    return _faster(model, original, engines, served, same)


def _engines(graph: bytes) -> list[Engine]:
    """Those that are here and run `graph`; only ONNX Runtime grows trees."""
    import onnx

    trees = any(node.domain == DOMAIN for node in onnx.load_from_string(graph).graph.node)
    if trees or not importlib.util.find_spec("openvino"):
        return ["onnxruntime"]
    return ["openvino", "onnxruntime"]


def _faster(
    model: Model, original: Original, engines: list[Engine], served: list[Served], same: float
) -> Served:
    """That of the engine which answers sooner, with what was measured."""
    assert model.precision is not None
    parted = original.parted
    rows = (parted.validation if len(parted.validation) else parted.train)[:TIMED]
    views = original.record.serving.test_time_augmentation
    sessions = [Session(model.graph, one, model.precision, views) for one in engines]
    medians = np.median(answer_times(sessions, parted.pixels.take(rows)), axis=1)
    first = int(medians.argmin())
    times = medians[1 - first] / medians[first]
    return served[first].because(
        f"{engines[first]} answers {times:.2f} times as fast as {engines[1 - first]} here, and both"
        f" give the same class for {100 * same:.1f} % of the held-out pictures"
    )


def _agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float((one.argmax(axis=1) == other.argmax(axis=1)).mean()) if len(one) else 1.0
