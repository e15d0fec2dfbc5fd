"""Learning where known pictures lie: from features and appearances to how pictures are sketched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.strangeness import Known, Sketching
from linnaeus.randomness import generator

__all__ = ["known_by", "sketching_of"]

Floats = NDArray[np.float32]
Exact = NDArray[np.float64]

AXES = 64
"""Most principal components of features: more tell hardly more and take as much more room."""

LOOK_AXES = 48
"""Of the 67 numbers of an appearance; 24 tell CIFAR-10 from other pictures at 32 px less well."""

PICTURES_AN_AXIS = 5
"""Fewest pictures for each component, so that its deviation is known."""

OVERSAMPLING = 16

SMALLEST_DEVIATION = 0.02
"""Of a number of an appearance, all of which are logarithms or shares: what hardly varies in known
pictures, as the colours of grey ones, is not blown up to where rounding tells."""

SMALLEST_SPREAD = 0.01
"""Of the largest: the same for a direction of them."""

SHRINKAGE = 0.1
"""Share of a plain sphere in how pictures spread about the mean of their class."""

MOST_IN_BANK = 1000
"""Known pictures whose coordinates are kept: 220 KB, and a thousand distances for each answer."""


def sketching_of(features: Floats, looks: Floats, seed: int) -> Sketching:
    """From `features` (n, d) and appearances `looks` (n, a) of known pictures.

    At most half of the features' directions are taken, so that there are some to leave out.
    """
    units = features.astype(np.float64)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
    middle = units.mean(axis=0)
    count = min(AXES, len(units) // PICTURES_AN_AXIS, units.shape[1] // 2)
    axes, _ = _principal(units - middle, max(1, count), seed)
    exact = looks.astype(np.float64)
    look_middle, scale = exact.mean(axis=0), np.maximum(exact.std(axis=0), SMALLEST_DEVIATION)
    look_count = max(1, min(LOOK_AXES, len(exact) // PICTURES_AN_AXIS))
    look_axes, spread = _principal((exact - look_middle) / scale, look_count, seed)
    spread = np.maximum(spread, max(SMALLEST_SPREAD * float(spread.max()), 1e-12))
    whitening = look_axes / scale / spread[:, None]
    return Sketching(*(one.astype(np.float32) for one in (middle, axes, look_middle, whitening)))


def known_by(sketches: Floats, axes: int, labels: NDArray[np.int64], classes: int) -> Known:
    """From `sketches` (n, q + 1 + p) of known pictures with q = `axes`, and their `labels` (n,).

    The first pictures are kept, so they should come in an order that is drawn.
    """
    along = sketches[:, :axes].astype(np.float64)
    middles = np.full((classes, axes), np.nan)
    for place in np.unique(labels):
        middles[place] = along[labels == place].mean(axis=0)
    apart = along - middles[labels]
    spread = apart.T @ apart / len(apart)
    sphere = np.eye(axes) * max(float(np.trace(spread)) / axes, 1e-12)
    precision = np.linalg.inv((1 - SHRINKAGE) * spread + SHRINKAGE * sphere)
    kept = sketches[:MOST_IN_BANK]
    return Known(
        bank=kept[:, :axes].astype(np.float16),
        look_bank=kept[:, axes + 1 :].astype(np.float16),
        middles=middles.astype(np.float32),
        precision=precision.astype(np.float32),
    )


def _principal(centred: Exact, count: int, seed: int) -> tuple[Exact, Exact]:
    """The first `count` principal components (count, d) of centred rows, and their deviations.

    By a randomised range finder with two power iterations (Halko, Martinsson and Tropp 2011); the
    cost is that of a few products with (d, 80). The largest entry of each component is positive.
    """
    width = min(count + OVERSAMPLING, *centred.shape)
    probes = generator(seed, "principal components").standard_normal((len(centred), width))
    reached = centred.T @ probes
    for _ in range(2):
        reached = centred.T @ (centred @ np.linalg.qr(reached)[0])
    basis = np.linalg.qr(reached)[0]
    _, lengths, turns = np.linalg.svd(centred @ basis, full_matrices=False)
    axes = (basis @ turns.T).T[:count]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.where(largest < 0, -1.0, 1.0), lengths[:count] / np.sqrt(len(centred))
