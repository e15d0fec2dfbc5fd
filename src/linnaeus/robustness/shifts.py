"""Changes that a camera, a light or another program makes, at five severities, on batches.

As `corruptions`: pictures (n, h, w, 3) uint8 in and out, what is drawn depends on the seed and the
picture's number alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.randomness import generator
from linnaeus.robustness.compression import compressed
from linnaeus.robustness.warping import sampled

__all__ = ["SHIFTS", "affine", "shifted"]

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, int, int, int], Pixels]

TURNS = (5.0, 10.0, 15.0, 30.0, 45.0)  # degrees, to a side that is drawn
SCALES = (1.1, 1.2, 1.35, 1.6, 2.0)  # larger or smaller, as is drawn
MOVES = (0.03, 0.06, 0.1, 0.15, 0.25)  # of a side
TILTS = (0.05, 0.1, 0.15, 0.2, 0.3)  # of a side, that each corner moves by at most
SHADES = (0.2, 0.35, 0.5, 0.65, 0.8)  # light lost at the dark end of a gradient across the picture
COVERED = (0.05, 0.1, 0.2, 0.3, 0.5)  # of the area, by one grey square
QUALITIES = (80, 60, 40, 20, 10)
SHARES = (0.75, 0.5, 0.35, 0.25, 0.15)  # of the pixels of a side that the camera had
CASTS = (0.1, 0.2, 0.3, 0.4, 0.5)  # by how much one end of red to blue is raised, the other lowered
FILTERS = ("nearest", "box", "bilinear", "hamming", "lanczos")


def shifted(pixels: Pixels, kind: str, severity: int, *, seed: int = 0, first: int = 0) -> Pixels:
    """`pixels` (n, h, w, 3) uint8 changed by the `kind` of SHIFTS, `severity` 1 to 5."""
    return SHIFTS[kind](pixels, severity, seed, first)


def affine(
    pixels: Pixels,
    *,
    turned_deg: NDArray[np.float64] | float = 0.0,
    scale: NDArray[np.float64] | float = 1.0,
    down: NDArray[np.float64] | float = 0.0,
    across: NDArray[np.float64] | float = 0.0,
) -> Pixels:
    """`pixels` (n, h, w, 3) turned about their middle, enlarged and moved by shares of their sides.

    One number for all, or (n,). What comes in at the edge is the picture's mirror image.
    """
    count, height, width, _ = pixels.shape
    turn, size, below, beside = (
        np.broadcast_to(np.asarray(value, np.float64), count)[:, None, None]
        for value in (turned_deg, scale, down, across)
    )
    angle = np.deg2rad(turn)
    y = np.arange(height)[None, :, None] - (height - 1) / 2 - below * height
    x = np.arange(width)[None, None] - (width - 1) / 2 - beside * width
    rows = (np.cos(angle) * y + np.sin(angle) * x) / size + (height - 1) / 2
    columns = (np.cos(angle) * x - np.sin(angle) * y) / size + (width - 1) / 2
    return _taken(pixels, rows, columns)


def _signs(count: int, purpose: str, seed: int, first: int) -> NDArray[np.float64]:
    """-1 or 1 for each picture."""
    drawn = [generator(seed, purpose, first + place).integers(2) for place in range(count)]
    return 2.0 * np.array(drawn, np.float64) - 1


def _rotation(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    return affine(pixels, turned_deg=TURNS[severity - 1] * _signs(len(pixels), "turn", seed, first))


def _scale(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    return affine(pixels, scale=SCALES[severity - 1] ** _signs(len(pixels), "enlarge", seed, first))


def _shift(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    numbers = range(first, first + len(pixels))
    angles = np.array([generator(seed, "move", n).uniform(0, 2 * math.pi) for n in numbers])
    far = MOVES[severity - 1]
    return affine(pixels, down=far * np.sin(angles), across=far * np.cos(angles))


def _perspective(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    count, height, width, _ = pixels.shape
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float64)
    y, x = np.mgrid[:height, :width] / np.array([height - 1 or 1, width - 1 or 1])[:, None, None]
    places = np.empty((2, count, height, width), np.float32)
    for place in range(count):
        random = generator(seed, "tilt", first + place)
        moved = corners + random.uniform(-1, 1, (4, 2)) * TILTS[severity - 1] / 2
        a = _homography(corners, moved)
        below = a[2, 0] * y + a[2, 1] * x + 1
        places[0, place] = (a[0, 0] * y + a[0, 1] * x + a[0, 2]) / below * (height - 1)
        places[1, place] = (a[1, 0] * y + a[1, 1] * x + a[1, 2]) / below * (width - 1)
    return _taken(pixels, places[0], places[1])


def _homography(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The projective map (3, 3) that takes four points (4, 2) to four others."""
    rows, values = [], []
    for (y, x), (v, u) in zip(start, end, strict=True):
        rows += [[y, x, 1, 0, 0, 0, -v * y, -v * x], [0, 0, 0, y, x, 1, -u * y, -u * x]]
        values += [v, u]
    found = np.linalg.solve(np.array(rows), np.array(values))
    return np.append(found, 1.0).reshape(3, 3)


def _illumination(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    """One side in the shade: light falls off along a direction that is drawn."""
    count, height, width, _ = pixels.shape
    y = np.linspace(-1, 1, height)[None, :, None]
    x = np.linspace(-1, 1, width)[None, None]
    numbers = range(first, first + count)
    angles = np.array([generator(seed, "shade", n).uniform(0, 2 * math.pi) for n in numbers])
    along = np.sin(angles)[:, None, None] * y + np.cos(angles)[:, None, None] * x
    light = 1 - SHADES[severity - 1] * (along / math.sqrt(2) + 1) / 2
    return _whole(pixels * light[..., None])


def _occlusion(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    covered = pixels.copy()
    _, height, width, _ = pixels.shape
    share = math.sqrt(COVERED[severity - 1])
    high, wide = max(1, round(share * height)), max(1, round(share * width))
    for place, one in enumerate(covered):
        random = generator(seed, "cover", first + place)
        top, left = random.integers(height - high + 1), random.integers(width - wide + 1)
        one[top : top + high, left : left + wide] = 128
    return covered


def _jpeg_quality(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    quality = QUALITIES[severity - 1]
    return np.stack([np.asarray(compressed(Image.fromarray(one), quality)) for one in pixels])


def _resolution(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    """As from a camera with fewer pixels: shrunk, and enlarged again, smoothly."""
    _, height, width, _ = pixels.shape
    share = SHARES[severity - 1]
    small = max(1, round(width * share)), max(1, round(height * share))
    return _there_and_back(pixels, small, Image.Resampling.BICUBIC, Image.Resampling.BICUBIC)


def _colour_cast(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    """Another white balance: red raised and blue lowered, or the other way round."""
    warm = CASTS[severity - 1] * _signs(len(pixels), "cast", seed, first)
    gains = np.stack([1 + warm, np.ones_like(warm), 1 - warm], axis=1)
    return _whole(pixels * gains[:, None, None])


def _resize_filter(pixels: Pixels, severity: int, seed: int, first: int) -> Pixels:
    """As another program would have resized it: to two thirds and back, by another filter each.

    The severity names the filter: nearest, box, bilinear, hamming or lanczos.
    """
    _, height, width, _ = pixels.shape
    named = Image.Resampling[FILTERS[severity - 1].upper()]
    small = max(1, round(width * 2 / 3)), max(1, round(height * 2 / 3))
    return _there_and_back(pixels, small, named, named)


def _there_and_back(
    pixels: Pixels, size: tuple[int, int], there: Image.Resampling, back: Image.Resampling
) -> Pixels:
    _, height, width, _ = pixels.shape
    small = [Image.fromarray(one).resize(size, there) for one in pixels]
    return np.stack([np.asarray(one.resize((width, height), back)) for one in small])


def _taken(pixels: Pixels, rows: NDArray[np.floating], columns: NDArray[np.floating]) -> Pixels:
    places = rows.astype(np.float32), columns.astype(np.float32)
    return _whole(sampled(pixels.astype(np.float32), *places))


def _whole(levels: NDArray[np.floating]) -> Pixels:
    whole: Pixels = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return whole


SHIFTS: dict[str, Change] = {
    "rotation": _rotation,
    "scale": _scale,
    "shift": _shift,
    "perspective": _perspective,
    "illumination": _illumination,
    "occlusion": _occlusion,
    "jpeg-quality": _jpeg_quality,
    "resolution": _resolution,
    "colour-cast": _colour_cast,
    "resize-filter": _resize_filter,
}
