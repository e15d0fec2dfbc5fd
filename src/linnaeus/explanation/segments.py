"""A picture in parts that hang together: superpixels, or the squares of a grid."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parts", "segments_of"]

Parts = Literal["superpixels", "grid"]

COUNT = 50
COMPACTNESS = 10.0  # SLIC's usual trade of colour against place, for Lab colours


def segments_of(
    picture: NDArray[np.uint8], count: int = COUNT, parts: Parts | None = None
) -> NDArray[np.int64]:
    """(h, w) int64: which of about `count` parts each pixel of `picture` (h, w, 3) belongs to.

    "superpixels" are SLIC's (Achanta and others 2012) and need scikit-image; "grid" are squares.
    None: superpixels where scikit-image is installed. Numbered from 0 without gaps.
    """
    if parts is None:
        parts = "superpixels" if find_spec("skimage") else "grid"
    if parts == "grid":
        return _grid(picture.shape[0], picture.shape[1], count)
    from skimage.segmentation import slic

    found = slic(picture, n_segments=count, compactness=COMPACTNESS, start_label=0)
    _, numbered = np.unique(found, return_inverse=True)
    return numbered.reshape(picture.shape[:2]).astype(np.int64)


def _grid(height: int, width: int, count: int) -> NDArray[np.int64]:
    side = max(1.0, float(np.sqrt(height * width / count)))
    down, across = (max(1, round(length / side)) for length in (height, width))
    rows = np.arange(height) * down // height
    columns = np.arange(width) * across // width
    return (rows[:, None] * across + columns[None]).astype(np.int64)
