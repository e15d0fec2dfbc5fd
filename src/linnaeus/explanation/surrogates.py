"""Explanations by a simpler model: what each part of the picture adds, fitted to what is answered
when others are hidden. For every bundle, without torch; see `hiding` for `answer` and `cover`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from linnaeus.explanation.hiding import AT_ONCE, Answer, masked
from linnaeus.randomness import generator

__all__ = ["kernel_shap", "lime"]

Pixels = NDArray[np.uint8]
Segments = NDArray[np.int64]
Map = NDArray[np.float32]

SAMPLES = 500
"""Pictures answered for one explanation, where there are more ways to hide parts than that."""

WIDTH = 0.25
"""Of LIME's kernel, on cosine distances from the whole picture: as in its own code for images."""

RIDGE = 1.0
MOST_EXACT = 2**11


def lime(
    answer: Answer,
    picture: Pixels,
    target: int,
    cover: Pixels,
    segments: Segments,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Map:
    """(h, w) float32: the weight of each part in a linear model of the answers nearby.

    Ridge regression on `samples` pictures with half of the parts hidden at random, those more like
    the whole picture counting more (Ribeiro and others 2016).
    """
    count = int(segments.max()) + 1
    shown = generator(seed, "parts that lime hides").random((samples, count)) < 0.5
    shown[0] = True
    scores = _answers(answer, picture, target, cover, segments, shown)
    kept = shown.mean(axis=1)  # the cosine between a row and one of all ones is the root of this
    distances = 1 - np.sqrt(kept)
    weights = np.sqrt(np.exp(-(distances**2) / WIDTH**2))
    inputs = np.column_stack([shown.astype(float), np.ones(samples)])
    penalty = RIDGE * np.eye(count + 1)
    penalty[-1, -1] = 0  # the constant is free
    weighted = inputs * weights[:, None]
    found = np.linalg.solve(inputs.T @ weighted + penalty, weighted.T @ scores)
    return found[:-1][segments].astype(np.float32)


def kernel_shap(
    answer: Answer,
    picture: Pixels,
    target: int,
    cover: Pixels,
    segments: Segments,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Map:
    """(h, w) float32: the Shapley value of each part (Lundberg and Lee 2017).

    They add up to the answer for the picture less that for its cover. Exact where all ways to hide
    parts are no more than `samples` (or 2,048); otherwise from pairs of ways, each with its
    complement, drawn as the Shapley kernel weighs them.
    """
    count = int(segments.max()) + 1
    ends = np.array([[False], [True]]).repeat(count, axis=1)
    nothing, everything = _answers(answer, picture, target, cover, segments, ends)
    if count == 1:
        return np.full(segments.shape, everything - nothing, np.float32)
    shown, weights = _ways(count, samples, seed)
    scores = _answers(answer, picture, target, cover, segments, shown) - nothing
    values = _constrained(shown.astype(float), weights, scores, everything - nothing)
    return values[segments].astype(np.float32)


def _ways(count: int, samples: int, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Ways to show some of `count` parts, (n, count), and what each counts (n,)."""
    if 2**count <= max(samples, MOST_EXACT):
        numbers = np.arange(1, 2**count - 1)
        shown = (numbers[:, None] >> np.arange(count)) & 1 == 1
        sizes = shown.sum(axis=1)
        weights = [
            (count - 1) / (math.comb(count, int(k)) * int(k) * (count - int(k))) for k in sizes
        ]
        return shown, np.array(weights)
    random = generator(seed, "ways of kernel shap")
    sizes = np.arange(1, count)
    chances = 1 / (sizes * (count - sizes))
    drawn = random.choice(sizes, samples // 2, p=chances / chances.sum())
    ranks = random.random((samples // 2, count)).argsort(axis=1)
    half = ranks < drawn[:, None]
    return np.concatenate([half, ~half]), np.ones(2 * (samples // 2))


def _constrained(
    inputs: NDArray[np.float64],
    weights: NDArray[np.float64],
    scores: NDArray[np.float64],
    total: float,
) -> NDArray[np.float64]:
    """Weighted least squares for values that add up to `total`: the last is what is left of it."""
    last = inputs[:, -1]
    rest = inputs[:, :-1] - last[:, None]
    weighted = rest * weights[:, None]
    found, *_ = np.linalg.lstsq(rest.T @ weighted, weighted.T @ (scores - last * total), rcond=None)
    return np.append(found, total - found.sum())


def _answers(
    answer: Answer,
    picture: Pixels,
    target: int,
    cover: Pixels,
    segments: Segments,
    shown: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(n,) what is answered where only the parts `shown` (n, parts) are seen."""
    given = []
    for start in range(0, len(shown), AT_ONCE):
        hidden = ~shown[start : start + AT_ONCE][:, segments]
        given.append(answer(masked(picture, cover, hidden))[:, target])
    return np.concatenate(given).astype(np.float64)
