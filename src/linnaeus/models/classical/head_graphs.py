"""ONNX graphs of classifiers that are no linear head: `logits` behind a graph's `features`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.models.classical.growing import FEATURES, LOGITS, Growing

__all__ = ["append_bayes", "append_kernel", "append_neighbours"]

Array = NDArray[np.floating]

LAST = np.array([1], np.int64)  # the axis of the numbers of one picture


def append_kernel(
    graph: bytes,
    standardisation: tuple[Array, Array],
    landmarks: Array,
    gamma: float,
    weight: Array,
    bias: Array,
) -> bytes:
    """Add `logits = exp(-gamma * |x - landmark|²) @ weight + bias`, x the standardised features.

    `standardisation`: what is taken off the features and what they are multiplied by, (d,) both.
    `landmarks` (m, d), `weight` (m, classes), `bias` (classes,).
    """
    growing = Growing(graph)
    distance = _squared_distances(growing, _standardised(growing, standardisation), landmarks)
    scaled = growing.add("Mul", distance, growing.constant(np.array([-gamma])))
    kernel = growing.add("Exp", scaled)
    growing.add("Gemm", kernel, growing.constant(weight), growing.constant(bias), to=LOGITS)
    return growing.done(logits=weight.shape[1])


def append_neighbours(
    graph: bytes,
    standardisation: tuple[Array, Array],
    memory: Array,
    votes: Array,
    neighbours: int,
    prior: Array,
) -> bytes:
    """Add the logarithms of the classes' shares of the votes of the nearest neighbours.

    Near are those of `memory` (m, d), each of length 1, whose angle to the standardised features
    is small. `votes` (m, classes) are what each of them says; a vote counts the more, the smaller
    the angle. `prior` (classes,) is added to the sums.
    """
    growing = Growing(graph)
    rows = _unit_length(growing, _standardised(growing, standardisation))
    likeness = growing.add("MatMul", rows, growing.constant(memory.T))
    count = growing.constant(np.array([neighbours], np.int64))
    near, places = growing.add_pair("TopK", likeness, count, axis=1)
    said = growing.add("Gather", growing.constant(votes), places, axis=0)
    weight = growing.add("Unsqueeze", growing.add("Exp", near), growing.constant(LAST))
    total = growing.add("Squeeze", growing.add("MatMul", weight, said), growing.constant(LAST))
    growing.add("Log", growing.add("Add", total, growing.constant(prior)), to=LOGITS)
    return growing.done(logits=votes.shape[1])


def append_bayes(
    graph: bytes,
    standardisation: tuple[Array, Array],
    means: Array,
    variances: Array,
    prior: Array,
) -> bytes:
    """Add the log densities of normal distributions, one a class and feature, times the `prior`.

    `means`, `variances` (classes, d) are of the standardised features, `prior` (classes,) sums
    to 1. What is the same for all classes is left out.
    """
    growing = Growing(graph)
    rows = _standardised(growing, standardisation)
    squares = growing.add("Mul", rows, rows)
    sharp = 1 / variances.astype(np.float64)
    mean = means.astype(np.float64)
    level = np.log(prior) - 0.5 * (np.log(variances) + sharp * mean**2).sum(axis=1)
    linear = growing.add("MatMul", rows, growing.constant((sharp * mean).T))
    curved = growing.add("MatMul", squares, growing.constant(-0.5 * sharp.T))
    both = growing.add("Add", linear, curved)
    growing.add("Add", both, growing.constant(level), to=LOGITS)
    return growing.done(logits=len(means))


def _standardised(growing: Growing, standardisation: tuple[Array, Array]) -> str:
    shift, scale = map(growing.constant, standardisation)
    return growing.add("Mul", growing.add("Sub", FEATURES, shift), scale)


def _unit_length(growing: Growing, rows: str) -> str:
    length = growing.add("ReduceL2", rows, growing.constant(LAST), keepdims=1)
    least = growing.constant(np.array([np.finfo(np.float32).tiny]))
    return growing.add("Div", rows, growing.add("Max", length, least))


def _squared_distances(growing: Growing, rows: str, landmarks: Array) -> str:
    own = growing.add("ReduceSumSquare", rows, growing.constant(LAST), keepdims=1)
    theirs = (landmarks.astype(np.float64) ** 2).sum(axis=1)
    product = growing.add("MatMul", rows, growing.constant(-2.0 * landmarks.T.astype(np.float64)))
    sums = growing.add("Add", growing.add("Add", product, own), growing.constant(theirs))
    return growing.add("Max", sums, growing.constant(np.array([0.0])))
