"""Outliers: pictures of nothing known, made from the user's own, to try what tells them apart.

Each kind breaks something else of a picture: what it shows, how it is put together, its colours or
its detail. What comes of a seed and a place is the same on every machine of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from linnaeus.data.pixels import PixelRows
from linnaeus.randomness import generator

__all__ = ["KINDS", "OUTLIERS_A_KIND", "outlier", "outliers_from", "source_of"]

Pixels = NDArray[np.uint8]
Random = np.random.Generator
Maker = Callable[[Pixels, Pixels, Random], Pixels]

OUTLIERS_A_KIND = 60
"""Enough to tell an area of 0.90 from one of 0.95 over all kinds, and to answer in a second."""

CELLS = 4
"""Patches to a side that are shuffled: few enough that each still shows something."""

ZOOM = 5
"""How many times a crop is enlarged: beyond what augmentation does to pictures of a class."""

BLUR = 1 / 8
"""Standard deviation of the blur as a share of the side: hardly more than colours are left."""


def outliers_from(
    pixels: PixelRows, labels: NDArray[np.int64], seed: int
) -> dict[str, Iterable[Pixels]]:
    """{kind: outliers} of every kind, made when they are asked for, from `pixels` (n, h, w, 3).

    Each is of a picture drawn at random and, where two are needed, another of a class that is not
    its own by `labels` (n,), if there is any.
    """
    random = generator(seed, "pictures for outliers")
    rows = random.permutation(len(labels))[:OUTLIERS_A_KIND]
    others = [_of_another_class(row, labels, random) for row in rows.tolist()]
    pictures, beside = pixels.take(rows), pixels.take(np.array(others, np.int64))

    def of_kind(kind: str) -> Iterator[Pixels]:
        for place in range(OUTLIERS_A_KIND):
            at = source_of(place, len(labels))
            yield outlier(kind, pictures[at], beside[at], seed, place)

    return {kind: of_kind(kind) for kind in KINDS}


def source_of(place: int, pictures: int) -> int:
    """Which of the pictures drawn among so many the outlier at `place` of any kind is made of."""
    return place % min(pictures, OUTLIERS_A_KIND)


def _of_another_class(row: int, labels: NDArray[np.int64], random: Random) -> int:
    others = np.flatnonzero(labels != labels[row])
    return int(random.choice(others if len(others) else np.arange(len(labels))))


def outlier(kind: str, picture: Pixels, other: Pixels, seed: int, place: int) -> Pixels:
    """An outlier of `kind` (one of `KINDS`), (height, width, 3) uint8 as `picture` and `other`.

    `other` is a picture of another class; `place` counts the outliers of a kind.
    """
    return KINDS[kind](picture, other, generator(seed, f"outlier {kind}", place))


def _noise(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Noise of a random grain, grey or coloured, with the picture's own mean and spread or full."""
    height, width, _ = picture.shape
    grain = int(2 ** random.integers(0, 4))
    channels = 1 if random.random() < 0.3 else 3
    size = (-(-height // grain), -(-width // grain), channels)
    values = random.random(size) * 255.0
    if random.random() < 0.5:
        middle, spread = picture.mean(), picture.std() + 1.0
        values = random.normal(middle, spread, size)
    coarse = np.broadcast_to(_as_pixels(values), (*size[:2], 3))
    return np.ascontiguousarray(coarse.repeat(grain, 0).repeat(grain, 1)[:height, :width])


def _colours(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """A plain colour, or one that fades into another in a random direction."""
    height, width, _ = picture.shape
    first, second = random.random((2, 3)) * 255.0
    if random.random() < 0.3:
        second = first
    angle = random.random() * 2 * np.pi
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j] - 0.5
    along = np.clip(np.cos(angle) * x + np.sin(angle) * y + 0.5, 0, 1)[..., None]
    return _as_pixels(first * (1 - along) + second * along)


def _texture(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """The picture's colours and detail without its shapes: its spectrum with random phases."""
    height, width, _ = picture.shape
    middle = picture.mean(axis=(0, 1))
    spectrum = np.abs(np.fft.rfft2(picture - middle, axes=(0, 1)))
    phases = np.angle(np.fft.rfft2(random.normal(size=(height, width)), axes=(0, 1)))[..., None]
    drawn = np.fft.irfft2(spectrum * np.exp(1j * phases), s=(height, width), axes=(0, 1))
    return _as_pixels(drawn + middle)


def _pattern(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Stripes or checks in two colours with hard or soft edges, as on boards, cloth and paper."""
    height, width, _ = picture.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle, count = random.random() * np.pi, 1.5 * 8 ** random.random()
    phase = random.random(2) * 2 * np.pi
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    wave = np.sin(2 * np.pi * count * along + phase[0])
    if random.random() < 0.5:
        wave = wave * np.sin(2 * np.pi * count * across + phase[1])
    level = np.clip(wave * 10 ** (2 * random.random()) / 2 + 0.5, 0, 1)[..., None]
    first, second = random.random((2, 3)) * 255.0
    if random.random() < 0.5:
        first, second = np.full(3, first.mean()), np.full(3, second.mean())
    return _as_pixels(first * (1 - level) + second * level)


def _shuffled(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """The picture's patches in another order."""
    height, width, _ = picture.shape
    cells = min(CELLS, height, width)
    down, across = height // cells, width // cells
    patches = [
        picture[y * down : (y + 1) * down, x * across : (x + 1) * across]
        for y in range(cells)
        for x in range(cells)
    ]
    order = random.permutation(cells * cells).reshape(cells, cells)
    rows = [np.concatenate([patches[at] for at in row], axis=1) for row in order.tolist()]
    return _resized(np.concatenate(rows), height, width)


def _blend(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Two pictures of different classes, one over the other."""
    return _as_pixels((picture.astype(np.float64) + other) / 2)


def _crop(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """A small part, much enlarged."""
    height, width, _ = picture.shape
    tall, wide = max(2, height // ZOOM), max(2, width // ZOOM)
    top, left = random.integers(0, height - tall + 1), random.integers(0, width - wide + 1)
    return _resized(picture[top : top + tall, left : left + wide], height, width)


def _blurred(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Blurred beyond recognition."""
    radius = max(1.5, BLUR * min(picture.shape[:2]))
    blurred = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(blurred)


def _buried(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """The picture under noise stronger than itself."""
    return _as_pixels(picture + random.normal(0.0, 90.0, picture.shape))


def _drawn(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Black and white, cut at the picture's own middle; at times the other way round."""
    grey = picture.mean(axis=2)
    above = grey > np.median(grey)
    white = above if random.random() < 0.5 else ~above
    return np.repeat(_as_pixels(white[..., None] * 255.0), 3, axis=2)


def _negative(picture: Pixels, other: Pixels, random: Random) -> Pixels:
    """Its colours turned round, and exchanged."""
    return np.ascontiguousarray(255 - picture[..., random.permutation(3)])


KINDS: dict[str, Maker] = {
    "noise": _noise,
    "colours": _colours,
    "texture": _texture,
    "pattern": _pattern,
    "shuffled": _shuffled,
    "blend": _blend,
    "crop": _crop,
    "blurred": _blurred,
    "buried": _buried,
    "drawn": _drawn,
    "negative": _negative,
}


def _as_pixels(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return np.ascontiguousarray(pixels)
    small = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
