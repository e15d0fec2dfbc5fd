"""Snow, frost and fog over pictures (n, h, w, 3) in [0, 1]."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import generator
from linnaeus.robustness.blurs import swept
from linnaeus.robustness.warping import stretching

__all__ = ["fogged", "frosted", "snowed"]

Levels = NDArray[np.float32]

SNOW = (
    (0.1, 0.3, 3.0, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2.0, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4.0, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)
"""Mean and spread of the flakes, their size, what is too faint to fall, how far they streak and
fade, and how much of the picture's own colour stays."""

GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of ITU-R BT.601
ICE = np.array([0.82, 0.9, 1.0], np.float32)


def snowed(levels: Levels, severity: int, *, seed: int, first: int) -> Levels:
    """Flakes that streak downwards over a paler picture, at `severity` 1 to 5."""
    mean, spread, size, least, radius, fading, kept = SNOW[severity - 1]
    flakes = []
    for place, one in enumerate(levels):
        random = generator(seed, "snow", first + place)
        drawn = random.normal(mean, spread, one.shape[:2]).astype(np.float32)
        large = _middle_enlarged(drawn, size)
        fallen = np.clip(np.where(large < least, 0, large), 0, 1).astype(np.float32)
        angle = float(random.uniform(-135, -45))
        flakes.append(np.rint(swept(fallen, radius, fading, angle) * 255) / 255)
    layer = np.stack(flakes)[..., None].astype(np.float32)
    grey = (levels @ GREY)[..., None]
    pale = kept * levels + (1 - kept) * np.maximum(levels, grey * 1.5 + 0.5)
    snowed: Levels = (pale + layer + layer[:, ::-1, ::-1]).astype(np.float32)
    return snowed


def frosted(levels: Levels, seen: float, ice: float, *, seed: int, first: int) -> Levels:
    """`seen` of the picture behind `ice` of a sheet of ice.

    The ice is drawn: crystals are the ridges of clouds at four scales, thicker towards one side.
    The original lays photographs of frost over the picture, which are not ours to hand on.
    """
    _, height, width, _ = levels.shape
    sheets = []
    for place in range(len(levels)):
        random = generator(seed, "frost", first + place)
        ridges = 1 - np.abs(2 * _clouds(random, height, width, 1.6) - 1)
        thick = _clouds(random, height, width, 3.0)
        sheets.append(np.clip(0.15 + 0.85 * ridges**3 * (0.4 + 0.9 * thick), 0, 1))
    sheet = np.stack(sheets)[..., None].astype(np.float32) * ICE
    frosted: Levels = np.float32(seen) * levels + np.float32(ice) * sheet
    return frosted


def fogged(levels: Levels, thick: float, decay: float, *, seed: int, first: int) -> Levels:
    """Clouds laid over the picture, which is then as dark at its brightest as before."""
    _, height, width, _ = levels.shape
    clouds = np.stack(
        [
            _clouds(generator(seed, "fog", first + place), height, width, decay)
            for place in range(len(levels))
        ]
    )
    brightest = levels.max(axis=(1, 2, 3), keepdims=True)
    fogged: Levels = (levels + np.float32(thick) * clouds[..., None]) * (
        brightest / (brightest + np.float32(thick))
    )
    return fogged


def _clouds(random: np.random.Generator, height: int, width: int, decay: float) -> Levels:
    """(height, width) in [0, 1]: noise at scales that halve, each `decay` times as faint."""
    side = 2 ** math.ceil(math.log2(max(height, width, 2)))
    total: Levels = np.zeros((height, width), np.float32)
    cells, share = 2, 1.0
    while cells <= side:
        coarse = random.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
        down = stretching(cells + 1, (side + 1) / (cells + 1))[:height]
        across = stretching(cells + 1, (side + 1) / (cells + 1))[:width]
        total += (share * (down @ coarse @ across.T)).astype(np.float32)
        cells, share = 2 * cells, share / decay
    total -= total.min()
    clouds: Levels = (total / max(float(total.max()), 1e-6)).astype(np.float32)
    return clouds


def _middle_enlarged(layer: Levels, factor: float) -> Levels:
    """The middle of `layer` (h, w), enlarged to its size."""
    height, width = layer.shape
    high, wide = math.ceil(height / factor), math.ceil(width / factor)
    top, left = (height - high) // 2, (width - wide) // 2
    middle = layer[top : top + high, left : left + wide]
    down = stretching(high, max(factor, height / high))[:height]
    across = stretching(wide, max(factor, width / wide))[:width]
    enlarged: Levels = (down @ middle @ across.T).astype(np.float32)
    return enlarged
