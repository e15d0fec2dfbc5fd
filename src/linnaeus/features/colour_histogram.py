"""How often each colour stands in a picture, and in each of its quarters."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

__all__ = ["ColourHistogram"]

Pixels = NDArray[np.uint8]


class ColourHistogram(BaseModel):
    """Shares of colours: of the whole picture in `bins` steps of red, green and blue each, and of
    each quarter in half as many.

    What is given is the root of each share, under which straight distances and products compare
    histograms well (Hellinger's distance).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["colour-histogram"] = "colour-histogram"
    version: Literal[1] = 1
    bins: Annotated[int, Ge(2), Le(32)] = 8

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, d) for pictures (n, height, width, 3) uint8 RGB of 2 px a side or more."""
        middle, centre = (side // 2 for side in pixels.shape[1:3])
        quarters = [
            _roots(part, max(2, self.bins // 2))
            for half in (pixels[:, :middle], pixels[:, middle:])
            for part in (half[:, :, :centre], half[:, :, centre:])
        ]
        return np.concatenate([_roots(pixels, self.bins), *quarters], axis=1)


def _roots(pixels: Pixels, bins: int) -> NDArray[np.float32]:
    """(n, bins³): the root of the share of pixels that each colour has."""
    steps = pixels.astype(np.int64) * bins // 256
    colour = (steps[..., 0] * bins + steps[..., 1]) * bins + steps[..., 2]
    count, colours = len(pixels), bins**3
    place = colour.reshape(count, -1) + colours * np.arange(count)[:, None]
    counts = np.bincount(place.ravel(), minlength=count * colours).reshape(count, colours)
    roots: NDArray[np.float32] = np.sqrt(counts / place.shape[1]).astype(np.float32)
    return roots
