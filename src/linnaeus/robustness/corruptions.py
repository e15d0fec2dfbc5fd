"""The fifteen common corruptions at five severities (Hendrycks and Dietterich 2019), on batches.

What is drawn for a picture depends on the seed, the corruption and the picture's number alone, not
on the batch that it stands in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.randomness import generator
from linnaeus.robustness.blurs import defocused, moved, through_glass, zoomed
from linnaeus.robustness.compression import compressed
from linnaeus.robustness.warping import sampled, smoothed_fields
from linnaeus.robustness.weather import fogged, frosted, snowed

__all__ = ["CORRUPTIONS", "KINDS", "SEVERITIES", "Corruption", "corrupt"]

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
Corruption = Callable[[Levels, int, int, int], Levels]
"""From pictures (n, h, w, 3) in [0, 1], severity, seed and first number to such pictures."""
Draw = Callable[[np.random.Generator], object]

SEVERITIES = (1, 2, 3, 4, 5)


def corrupt(pixels: Pixels, kind: str, severity: int, *, seed: int = 0, first: int = 0) -> Pixels:
    """`pixels` (n, h, w, 3) uint8 under the corruption `kind` of CORRUPTIONS, `severity` 1 to 5.

    `first`: the number of the first picture among all that are corrupted. Raises KeyError for
    another kind, IndexError for another severity.
    """
    levels = CORRUPTIONS[kind](_levels(pixels), severity, seed, first)
    whole: Pixels = np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)
    return whole


def _each(levels: Levels, purpose: str, seed: int, first: int, draw: Draw) -> Levels:
    """What `draw` draws for each picture: (n, …) float32."""
    numbers = range(first, first + len(levels))
    drawn = [draw(generator(seed, purpose, number)) for number in numbers]
    return np.array(drawn, np.float32)


def _gaussian_noise(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    spread = (0.08, 0.12, 0.18, 0.26, 0.38)[severity - 1]
    shape = levels.shape[1:]
    noise = _each(
        levels, "gaussian noise", seed, first, lambda r: r.standard_normal(shape, np.float32)
    )
    return levels + spread * noise


def _shot_noise(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    photons = (60, 25, 12, 5, 3)[severity - 1]
    counted = [
        generator(seed, "shot noise", first + place).poisson(one * photons)
        for place, one in enumerate(levels)
    ]
    return np.array(counted, np.float32) / np.float32(photons)


def _impulse_noise(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    shape = levels.shape[1:]
    drawn = _each(levels, "impulse noise", seed, first, lambda r: r.random(shape, np.float32))
    salted = np.where(drawn < share / 2, np.float32(0), levels)
    return np.where(drawn > 1 - share / 2, np.float32(1), salted)


def _defocus_blur(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    radius, soft = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))[severity - 1]
    return defocused(levels, radius, soft)


def _glass_blur(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    spread, reach, rounds = ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))[
        severity - 1
    ]
    return through_glass(levels, spread, reach, rounds, seed=seed, first=first)


def _motion_blur(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    radius, spread = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))[severity - 1]
    angles = _each(
        levels,
        "motion blur",
        seed,
        first,
        lambda r: r.uniform(-45, 45),
    )
    return moved(levels, radius, spread, angles)


def _zoom_blur(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    most, step = ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))[
        severity - 1
    ]
    return zoomed(levels, np.arange(1, most, step))


def _snow(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    return snowed(levels, severity, seed=seed, first=first)


def _frost(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    seen, ice = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))[severity - 1]
    return frosted(levels, seen, ice, seed=seed, first=first)


def _fog(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    thick, decay = ((1.5, 2), (2.0, 2), (2.5, 1.7), (2.5, 1.5), (3.0, 1.4))[severity - 1]
    return fogged(levels, thick, decay, seed=seed, first=first)


def _brightness(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    """The value of HSV is raised: hue and saturation stay, so all levels grow by one factor."""
    more = (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1]
    value = levels.max(axis=3, keepdims=True)
    raised = np.clip(value + more, 0, 1)
    lit: Levels = np.where(value > 0, levels * (raised / np.maximum(value, 1e-6)), raised)
    return lit


def _contrast(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    kept = (0.4, 0.3, 0.2, 0.1, 0.05)[severity - 1]
    means = levels.mean(axis=(1, 2), keepdims=True)
    paler: Levels = (levels - means) * np.float32(kept) + means
    return paler


def _elastic_transform(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    strength = 250 * (0.05, 0.065, 0.085, 0.1, 0.12)[severity - 1]
    _, height, width, _ = levels.shape
    reach = 0.005 * height
    drawn = _each(
        levels,
        "elastic transform",
        seed,
        first,
        lambda r: r.uniform(-reach, reach, (2, height, width)).astype(np.float32),
    )
    fields = np.float32(strength) * smoothed_fields(drawn, 0.01 * height, 0.01 * width)
    rows = np.arange(height, dtype=np.float32)[None, :, None] + fields[:, 1]
    columns = np.arange(width, dtype=np.float32)[None, None] + fields[:, 0]
    return sampled(levels, rows, columns)


def _pixelate(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    share = (0.6, 0.5, 0.4, 0.3, 0.25)[severity - 1]

    def coarse(image: Image.Image) -> Image.Image:
        width, height = image.size
        size = max(1, int(width * share)), max(1, int(height * share))
        small = image.resize(size, Image.Resampling.BOX)
        return small.resize((width, height), Image.Resampling.NEAREST)

    return _by_image(levels, coarse)


def _jpeg_compression(levels: Levels, severity: int, seed: int, first: int) -> Levels:
    quality = (25, 18, 15, 10, 7)[severity - 1]

    return _by_image(levels, lambda image: compressed(image, quality))


def _by_image(levels: Levels, change: Callable[[Image.Image], Image.Image]) -> Levels:
    whole = np.rint(levels * 255).astype(np.uint8)
    changed = [np.asarray(change(Image.fromarray(one))) for one in whole]
    return _levels(np.stack(changed))


def _levels(pixels: Pixels) -> Levels:
    return pixels.astype(np.float32) / np.float32(255)


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian-noise": _gaussian_noise,
    "shot-noise": _shot_noise,
    "impulse-noise": _impulse_noise,
    "defocus-blur": _defocus_blur,
    "glass-blur": _glass_blur,
    "motion-blur": _motion_blur,
    "zoom-blur": _zoom_blur,
    "snow": _snow,
    "frost": _frost,
    "fog": _fog,
    "brightness": _brightness,
    "contrast": _contrast,
    "elastic-transform": _elastic_transform,
    "pixelate": _pixelate,
    "jpeg-compression": _jpeg_compression,
}
KINDS: dict[str, tuple[str, ...]] = {
    "noise": ("gaussian-noise", "shot-noise", "impulse-noise"),
    "blur": ("defocus-blur", "glass-blur", "motion-blur", "zoom-blur"),
    "weather": ("snow", "frost", "fog", "brightness"),
    "digital": ("contrast", "elastic-transform", "pixelate", "jpeg-compression"),
}
"""As their paper groups them."""
