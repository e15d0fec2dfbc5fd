"""The vocabulary of visual words: centres of descriptors, found by k-means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.pixels import PixelRows
from linnaeus.features.sift import Sift
from linnaeus.models.classical.feature_graphs import roots_of_shares
from linnaeus.randomness import generator

__all__ = ["regions", "vocabulary"]

PICTURES = 1000  # looked at, at most
DESCRIPTORS = 100_000  # clustered, at most: two hundred a word are enough to place it
ROUNDS = 20
"""Of k-means: the centres of a hundred thousand descriptors then hardly move any more."""

ROWS = 8192  # compared with all centres at a time

Floats = NDArray[np.float32]


def vocabulary(
    description: Sift, pixels: PixelRows, rows: NDArray[np.int64], count: int, seed: int
) -> Floats:
    """`count` words (count, 128) float32 of the pictures at `rows`, or fewer where they have fewer.

    Of up to 1,000 pictures as many descriptors are drawn by the seed.
    """
    order = generator(seed, "pictures for words").permutation(rows)[:PICTURES]
    each = max(1, DESCRIPTORS // len(order))
    drawn = []
    for place, row in enumerate(order):
        every = description(pixels.take(np.array([row])))[0]
        chosen = generator(seed, "descriptors", place).permutation(len(every))[:each]
        drawn.append(every[chosen])
    return _centres(roots_of_shares(np.concatenate(drawn)), count, seed)


def regions(description: Sift, height_px: int, width_px: int) -> Floats:
    """(5, places) what a place counts in the whole picture and in each of its quarters.

    Each row sums to 1, unless no place falls into a quarter.
    """
    places = np.array(description.places(height_px, width_px) * len(description.sizes_px))
    low, right = places[:, 0] * 2 >= height_px, places[:, 1] * 2 >= width_px
    quarter = 2 * low + right
    inside = np.stack([np.ones(len(places), bool), *(quarter == one for one in range(4))])
    counts = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    shares: Floats = (inside / counts).astype(np.float32)
    return shares


def _centres(points: Floats, count: int, seed: int) -> Floats:
    """Lloyd's k-means from `count` of the `points` (n, d), drawn by the seed.

    A centre that nothing is nearest to stays where it was.
    """
    order = generator(seed, "first words").permutation(len(points))
    centres = points[order[:count]]
    for _ in range(ROUNDS):
        nearest = _nearest(points, centres)
        sizes = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros(centres.shape)
        # Sorted by centre, so that each is summed up in one order on every machine.
        by_centre = np.argsort(nearest, kind="stable")
        starts = np.flatnonzero(np.diff(nearest[by_centre], prepend=-1))
        sums[nearest[by_centre][starts]] = np.add.reduceat(
            points[by_centre].astype(np.float64), starts
        )
        moved = sums / np.maximum(sizes, 1)[:, None]
        centres = np.where(sizes[:, None] > 0, moved, centres).astype(np.float32)
    return centres


def _nearest(points: Floats, centres: Floats) -> NDArray[np.intp]:
    half = ((centres.astype(np.float64) ** 2).sum(axis=1) / 2).astype(np.float32)
    found = np.empty(len(points), np.intp)
    for start in range(0, len(points), ROWS):
        likeness = points[start : start + ROWS] @ centres.T - half
        found[start : start + ROWS] = likeness.argmax(axis=1)
    return found
