"""The one function from decoded pixels to a model's input, described by a record in the bundle.

The result is still uint8: scaling and normalisation are the first nodes of the model's graph, so
training, evaluation, the command line and a server hand the network bit-equal numbers.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict

from linnaeus.images.decode import MAX_PIXELS, ImageSource, Picture, decode

__all__ = ["Preprocessing"]

Side = Annotated[int, Ge(1), Le(4096)]
Level = Annotated[int, Ge(0), Le(255)]

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class Preprocessing(BaseModel):
    """How a picture becomes a model's input of (height_px, width_px, 3) uint8 RGB.

    `fit`: "stretch" resizes to the exact size (nothing is cut off; proportions may change), "crop"
    resizes until the size is covered and cuts the middle out, "pad" resizes until the whole picture
    fits and fills the rest with `background`. `interpolation` is Pillow's filter, antialiased.
    `background` is also what transparent pixels are laid on. Pictures of more than `max_pixels` are
    refused before they are decoded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_px: Side
    width_px: Side
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"
    background: tuple[Level, Level, Level] = (255, 255, 255)
    max_pixels: Annotated[int, Ge(1)] = MAX_PIXELS

    def read(self, source: ImageSource, *, name: str = "") -> tuple[NDArray[np.uint8], Picture]:
        """Decode `source` and fit it: ((height_px, width_px, 3) uint8, the decoded picture).

        Raises UnreadableImage as `images.decode.decode` does.
        """
        picture = decode(source, name=name, max_pixels=self.max_pixels, background=self.background)
        return self(picture.pixels), picture

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Fit decoded `pixels` (h, w, 3) uint8 to (height_px, width_px, 3) uint8."""
        size = (self.width_px, self.height_px)
        if pixels.shape[:2] == (self.height_px, self.width_px):
            return pixels
        image = Image.fromarray(pixels)
        if self.fit == "stretch":
            return np.asarray(image.resize(size, FILTERS[self.interpolation]))
        if self.fit == "crop":
            box = _middle(image.size, size)
            return np.asarray(image.resize(size, FILTERS[self.interpolation], box=box))
        return self._padded(image)

    def _padded(self, image: Image.Image) -> NDArray[np.uint8]:
        scale = min(self.width_px / image.width, self.height_px / image.height)
        width = max(1, round(image.width * scale))
        height = max(1, round(image.height * scale))
        canvas = Image.new("RGB", (self.width_px, self.height_px), self.background)
        corner = ((self.width_px - width) // 2, (self.height_px - height) // 2)
        canvas.paste(image.resize((width, height), FILTERS[self.interpolation]), corner)
        return np.asarray(canvas)


def _middle(have: tuple[int, int], want: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest centred box of `have` (width, height) with the proportions of `want`."""
    scale = min(have[0] / want[0], have[1] / want[1])
    width, height = want[0] * scale, want[1] * scale
    left, top = (have[0] - width) / 2, (have[1] - height) / 2
    return left, top, left + width, top + height
