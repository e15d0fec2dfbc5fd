"""A map of the pictures in two dimensions, on which like stands beside like."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.auditing.features import Features
from linnaeus.auditing.sampling import evenly_by_class, shown_class
from linnaeus.data.dataset import Dataset
from linnaeus.randomness import generator, number

__all__ = ["MOST_POINTS", "FeatureMap", "feature_map"]

MOST_POINTS = 3_000
"""More make the map neither clearer nor, within a quarter of a minute, possible; and a telephone
still draws so many, whose likenesses take about 3 MB of the page."""

COMPONENTS = 50
"""What t-SNE is given: as its authors do, and enough for all that distances have to tell."""

STEPS = 500
"""Of which 250 bring the clusters apart; the thousand of the default change a map hardly more."""

OVERSAMPLING = 10
LEAST_FOR_NEIGHBOURS = 10
PERPLEXITY = 30.0


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Pictures on a map.

    `rows`: (k,) int64, rows of the data set, ascending. `points`: (k, 2) float32, about 0, the
    farthest from it 1 away; only who is near whom means anything. `how`: how it was made, as a
    phrase.
    """

    rows: NDArray[np.int64]
    points: NDArray[np.float32]
    how: str


def feature_map(
    dataset: Dataset, features: Features, *, seed: int = 0, most: int = MOST_POINTS
) -> FeatureMap:
    """Lay out the pictures that `features` describe, or `most` of them, evenly by class.

    t-SNE (van der Maaten and Hinton 2008) of the first 50 principal components, by scikit-learn;
    the first two components where that is not installed. The same features and seed give the same
    map on one machine. Takes about eight seconds for 3,000 pictures.
    """
    places = evenly_by_class(shown_class(dataset)[features.rows], most)
    rows = features.rows[places]
    components = _principal(features.values[places], seed)
    if len(rows) < LEAST_FOR_NEIGHBOURS or importlib.util.find_spec("sklearn") is None:
        why = "" if len(rows) < LEAST_FOR_NEIGHBOURS else " (t-SNE needs scikit-learn)"
        how = f"the first two principal components of {features.how}{why}"
        return FeatureMap(rows, _within_one(components[:, :2]), how)
    points = _neighbours(components, seed)
    return FeatureMap(rows, _within_one(points), f"t-SNE of {features.how}")


def _principal(values: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """(k, at most 50) the first principal components, by a randomised range finder.

    Halko, Martinsson and Tropp 2011, with two power iterations. Each component's sign is such that
    its largest entry is positive.
    """
    if not len(values):
        return np.zeros((0, COMPONENTS))
    centred = values - values.mean(axis=0)
    width = min(COMPONENTS, *values.shape)
    probes = generator(seed, "principal components").standard_normal(
        (values.shape[1], min(width + OVERSAMPLING, *values.shape))
    )
    reached = centred @ probes
    for _ in range(2):
        reached = centred @ (centred.T @ np.linalg.qr(reached)[0])
    basis = np.linalg.qr(reached)[0]
    left, lengths, _ = np.linalg.svd(basis.T @ centred, full_matrices=False)
    components: NDArray[np.float64] = (basis @ left * lengths)[:, :width]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=0)[None], axis=0)
    return components * np.where(largest < 0, -1, 1)


def _neighbours(components: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """t-SNE in one thread: it waits for all of them at every step, so that on a processor with
    other work two took minutes for 600 pictures, and one 23 s (3 s of them its own)."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    layout = TSNE(
        init="pca",
        learning_rate="auto",
        max_iter=STEPS,
        perplexity=min(PERPLEXITY, (len(components) - 1) / 3),
        random_state=number(seed, "t-SNE") % 2**32,
    )
    with threadpool_limits(1):
        points: NDArray[np.float64] = layout.fit_transform(components.astype(np.float32))
    return points


def _within_one(points: NDArray[np.float64]) -> NDArray[np.float32]:
    """(k, 2) float32, centred, the farthest 1 from the middle; zeros where there is no spread."""
    flat = np.zeros((len(points), 2))
    flat[:, : points.shape[1]] = points - points.mean(axis=0) if len(points) else points
    reach = np.linalg.norm(flat, axis=1).max(initial=0)
    return (flat / (reach or 1)).astype(np.float32)
