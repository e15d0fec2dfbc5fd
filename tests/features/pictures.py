"""Small pictures with edges, colours and flat parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def drawn(count: int, height_px: int, width_px: int) -> NDArray[np.uint8]:
    """(count, height, width, 3): discs and lines with some noise on one half, the other flat."""
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        colours = random.integers(0, 256, (3, 3))
        image = Image.new("RGB", (width_px, height_px), tuple(colours[0].tolist()))
        pencil = ImageDraw.Draw(image)
        box = sorted(random.integers(0, width_px, 2).tolist())
        pencil.ellipse((box[0], 2, box[1] + 3, height_px - 3), fill=tuple(colours[1].tolist()))
        pencil.line((0, 0, width_px, height_px), fill=tuple(colours[2].tolist()), width=2)
        pixels = np.array(image).astype(np.int64)
        pixels[: height_px // 2] += random.integers(-9, 10, (height_px // 2, width_px, 3))
        pictures.append(pixels.clip(0, 255).astype(np.uint8))
    return np.stack(pictures)
