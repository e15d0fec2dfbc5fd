"""Answers made up for the tests of judging: from a confusion matrix, or drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions


def alike(one: object, other: object) -> bool:
    """Whether both are the same, numbers but for what rounding to float32 does to them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-5, abs_tol=1e-6)
    return one == other


def answers_of(
    counts: Sequence[Sequence[int]], classes: Sequence[str], confidence: float = 0.9
) -> Predictions:
    """Answers with this confusion matrix (a row for each true class), all of like `confidence`."""
    table = np.asarray(counts, np.int64)
    cells = np.repeat(np.arange(table.size), table.ravel())
    labels, said = np.divmod(cells, len(classes))
    others = (1 - confidence) / (len(classes) - 1)
    probabilities = np.full((len(cells), len(classes)), others, np.float32)
    probabilities[np.arange(len(cells)), said] = confidence
    return _predictions(probabilities, labels, classes)


def random_answers(
    seed: int, images: int, classes: int, *, skill: float = 1.5, sharpness: float = 1.0
) -> Predictions:
    """Answers of a made-up classifier: better with more `skill`, calibrated at sharpness 1."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, images)
    evidence = random.normal(size=(images, classes))
    evidence[np.arange(images), labels] += skill
    powers = np.exp(skill * sharpness * (evidence - evidence.max(axis=1, keepdims=True)))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return _predictions(probabilities, labels, [f"class {i}" for i in range(classes)])


def random_labels(
    seed: int, images: int, classes: int, *, skill: float = 1.5, threshold: float = 0.5
) -> Predictions:
    """Answers of a made-up classifier of pictures with several labels, or none.

    Label i is on a share of 1 / (i + 2) of them; probabilities have ties.
    """
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(2, classes + 2)
    truth = random.random((images, classes)) < shares
    logits = random.normal(size=(images, classes)) + skill * (truth - shares)
    probabilities = (1 / (1 + np.exp(-logits))).round(2).astype(np.float32)
    return Predictions(
        tuple(f"{i}.jpg" for i in range(images)),
        tuple(f"class {i}" for i in range(classes)),
        probabilities,
        np.full(images, UNKNOWN_LABEL, np.int64),
        thresholds=np.full(classes, threshold, np.float32),
        label_sets=truth,
    )


def _predictions(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], classes: Sequence[str]
) -> Predictions:
    ids = tuple(f"{i}.jpg" for i in range(len(labels)))
    return Predictions(ids, tuple(classes), probabilities, labels)
