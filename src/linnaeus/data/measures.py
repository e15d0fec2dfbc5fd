"""What is measured of each picture while it is decoded, for the audit: one row of plain numbers.

What a network would not see either is not measured: all but `bytes`, `border` and `quality` are
taken from a copy of at most 256 pixels a side, so that a large picture costs little more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from linnaeus.data.jpeg_quality import jpeg_quality
from linnaeus.data.sharpness import sharpness
from linnaeus.images.decode import Picture

__all__ = ["MEASURES", "measured"]

MEASURES = np.dtype(
    [
        ("bytes", np.int64),
        ("brightness", np.float32),
        ("contrast", np.float32),
        ("border", np.float32, (3,)),
        ("spread", np.uint8),
        ("colour", np.uint8),
        ("darkest", np.uint8),
        ("lightest", np.uint8),
        ("entropy_bits", np.float32),
        ("sharpness", np.float32),
        ("quality", np.uint8),
    ]
)
"""The fields of a row of measures; all 0 for a picture that cannot be read.

`bytes`: size of the file. `brightness` and `contrast`: mean and standard deviation of the
thumbnail's grey values, 0 to 255. `border`: mean red, green and blue of the outermost rows and
columns, 0 to 255. `spread`: the largest difference between two pixels in one channel; 0 in a
picture of one colour. `colour`: the largest difference between two channels in one pixel; 0 in a
grey picture. `darkest` and `lightest`: the grey values with 1 % of the pixels below and above.
`entropy_bits`: Shannon entropy of the grey values, 0 to 8 bits. `sharpness`: see
`sharpness.sharpness`. `quality`: of a JPEG, 1 to 100, estimated; 0 for other formats.
"""

LARGEST_COPY_PX = 256
"""About what networks are given: what cannot be told from here they cannot tell either."""

TAIL = 0.01
"""The share of pixels left aside at either end: a logo or a dead pixel does not lighten a night."""


def measured(picture: Picture, content: bytes, thumbnail: NDArray[np.uint8]) -> NDArray[np.void]:
    """One row of `MEASURES`, of a decoded picture, its file and its thumbnail."""
    copy = _bounded(picture.pixels)
    red, green, blue = copy.split()
    grey = copy.convert("L")
    shares = np.asarray(grey.histogram(), np.float64) / (grey.width * grey.height)
    below = shares.cumsum()
    row = np.zeros((), MEASURES)
    row["bytes"] = len(content)
    row["brightness"] = thumbnail.mean()
    row["contrast"] = thumbnail.std()
    row["border"] = _border(picture.pixels)
    row["spread"] = max(_largest(channel) - _smallest(channel) for channel in (red, green, blue))
    row["colour"] = max(
        _largest(ImageChops.difference(one, other))
        for one, other in ((red, green), (green, blue), (blue, red))
    )
    row["darkest"], row["lightest"] = np.searchsorted(below, (TAIL, 1 - TAIL))
    row["entropy_bits"] = _entropy(shares)
    row["sharpness"] = sharpness(np.asarray(grey))
    row["quality"] = jpeg_quality(picture.luminance_table)
    return row


def _bounded(pixels: NDArray[np.uint8]) -> Image.Image:
    """A copy of at most 256 pixels a side, averaged over whole squares of pixels."""
    image = Image.fromarray(pixels)
    times = -(-max(image.size) // LARGEST_COPY_PX)
    return image.reduce(times) if times > 1 else image


def _border(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return np.asarray(np.concatenate(edges).mean(axis=0), np.float64)


def _smallest(channel: Image.Image) -> int:
    low, _ = channel.getextrema()
    return int(low)  # type: ignore[arg-type]  # one channel has one pair


def _largest(channel: Image.Image) -> int:
    _, high = channel.getextrema()
    return int(high)  # type: ignore[arg-type]  # one channel has one pair


def _entropy(shares: NDArray[np.float64]) -> float:
    present = shares[shares > 0]
    return float(-(present * np.log2(present)).sum())
