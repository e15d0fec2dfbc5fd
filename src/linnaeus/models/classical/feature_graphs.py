"""ONNX graphs from what describes a picture to its features: as it is, or as counts of words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.growing import DESCRIBED, FEATURES, Growing, graph_of_descriptions

__all__ = ["described_graph", "roots_of_shares", "with_components", "words_graph"]

Floats = NDArray[np.float32]


def described_graph(width: int) -> bytes:
    """A graph that gives descriptions (n, width) float32 as `features`, as they are."""
    graph = graph_of_descriptions((width,), np.float32)
    graph.add("Identity", DESCRIBED, to=FEATURES)
    return graph.done(features=width)


def words_graph(words: Floats, regions: Floats) -> bytes:
    """A graph that counts words: descriptors (n, places, 128) uint8 to `features` (n, r * k).

    A descriptor's word is the nearest of `words` (k, 128), after `roots_of_shares`. `regions`
    (r, places) says what a place counts in each region; the roots of the counts are given.
    """
    count = len(words)
    graph = graph_of_descriptions((regions.shape[1], words.shape[1]), np.uint8)
    levels = graph.cast(DESCRIBED)
    last = graph.constant(np.array([2], np.int64))
    total = graph.add("ReduceSum", levels, last, keepdims=1)
    total = graph.add("Max", total, graph.constant(np.array([1], np.float32)))
    roots = graph.add("Sqrt", graph.add("Div", levels, total))
    half = (words.astype(np.float64) ** 2).sum(axis=1) / 2
    nearness = graph.add("MatMul", roots, graph.constant(words.T))
    nearness = graph.add("Sub", nearness, graph.constant(half))
    word = graph.add("ArgMax", nearness, axis=2, keepdims=0)
    chosen = graph.add(
        "OneHot",
        word,
        graph.constant(np.array(count, np.int64)),
        graph.constant(np.array([0, 1], np.float32)),
        axis=-1,
    )
    counts = graph.add("MatMul", graph.constant(regions), chosen)
    graph.add("Sqrt", graph.add("Flatten", counts, axis=1), to=FEATURES)
    return graph.done(features=len(regions) * count)


def roots_of_shares(descriptors: NDArray[np.uint8]) -> Floats:
    """What words are looked for among: the root of each number's share of a descriptor.

    (m, 128) uint8 to float32 of length 1, or zeros (RootSIFT, Arandjelović and Zisserman 2012).
    """
    levels = descriptors.astype(np.float32)
    roots: Floats = np.sqrt(levels / np.maximum(levels.sum(axis=-1, keepdims=True), 1))
    return roots


def with_components(graph: bytes, shift: Floats, components: Floats) -> bytes:
    """`graph` with the principal components of its features in their place.

    `shift` (d,), `components` (d, k): the new features are `(features - shift) @ components`.
    """
    growing = Growing(graph)
    whole = growing.set_features_aside()
    offset = -(shift.astype(np.float64) @ components)
    growing.add("Gemm", whole, growing.constant(components), growing.constant(offset), to=FEATURES)
    return growing.done(features=components.shape[1])
