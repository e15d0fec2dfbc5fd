"""A small grey likeness of each picture, kept from the scan to compare pictures with each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["THUMBNAIL_PX", "thumbnail"]

THUMBNAIL_PX = 32


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 3) RGB uint8, stretched and averaged to (32, 32) grey uint8."""
    small = Image.fromarray(pixels).resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX)
    return np.asarray(small.convert("L"))
