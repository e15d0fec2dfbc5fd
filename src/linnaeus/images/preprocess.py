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

from linnaeus.images.decode import MAX_PIXELS, Box, ImageSource, Picture, decode

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

    `reduced_scale` decodes JPEG files at 1/2, 1/4 or 1/8 of their size where that still covers the
    input, which takes a fraction of the time. What a path, bytes and an unopened PIL image give
    then differs a little from what an array of the fully decoded picture does: by half a level of
    255 in the mean for large photographs, by one at a scale of 1/2 (`benchmarks/reading.py`). Off
    where a record does not speak of it, so that bundles from before it answer as they did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    height_px: Side
    width_px: Side
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"
    background: tuple[Level, Level, Level] = (255, 255, 255)
    max_pixels: Annotated[int, Ge(1)] = MAX_PIXELS
    reduced_scale: bool = False

    def read(self, source: ImageSource, *, name: str = "") -> tuple[NDArray[np.uint8], Picture]:
        """Decode `source` and fit it: ((height_px, width_px, 3) uint8, the decoded picture).

        Raises UnreadableImage as `images.decode.decode` does.
        """
        picture = self.decode(source, name=name)
        return self._fitted(picture.image, picture.box), picture

    def decode(self, source: ImageSource, *, name: str = "") -> Picture:
        """Decode `source` as `read` does, without fitting it.

        Raises UnreadableImage as `images.decode.decode` does.
        """
        return decode(
            source,
            name=name,
            max_pixels=self.max_pixels,
            background=self.background,
            reduction=self._reduction if self.reduced_scale else None,
        )

    def place(self, size_px: tuple[int, int]) -> Box:
        """Where the input lies on an upright picture of `size_px` (width, height): (left, top,
        right, bottom) in shares of its width and height; beyond 0 and 1 where it is padded."""
        width, height = size_px
        if self.fit == "stretch":
            return 0.0, 0.0, 1.0, 1.0
        if self.fit == "crop":
            whole = (0.0, 0.0, float(width), float(height))
            left, top, right, bottom = _middle(whole, (self.width_px, self.height_px))
            return left / width, top / height, right / width, bottom / height
        scale = min(self.width_px / width, self.height_px / height)
        beside = (self.width_px / (width * scale) - 1) / 2
        above = (self.height_px / (height * scale) - 1) / 2
        return -beside, -above, 1 + beside, 1 + above

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Fit decoded `pixels` (h, w, 3) uint8 to (height_px, width_px, 3) uint8."""
        height, width = pixels.shape[:2]
        if (height, width) == (self.height_px, self.width_px):
            return pixels
        return self._fitted(Image.fromarray(pixels), (0.0, 0.0, float(width), float(height)))

    def _reduction(self, size_px: tuple[int, int]) -> float:
        """How many times a picture of `size_px` (width, height) may shrink and cover the input."""
        times = size_px[0] / self.width_px, size_px[1] / self.height_px
        return max(times) if self.fit == "pad" else min(times)

    def _fitted(self, image: Image.Image, box: Box) -> NDArray[np.uint8]:
        """Fit the part of an RGB `image` that lies in `box`."""
        size = (self.width_px, self.height_px)
        fills = box[2] - box[0] == size[0] and box[3] - box[1] == size[1]
        if fills and image.size == size:
            return np.asarray(image)
        if self.fit == "stretch":
            return np.asarray(image.resize(size, FILTERS[self.interpolation], box))
        if self.fit == "crop":
            return np.asarray(image.resize(size, FILTERS[self.interpolation], _middle(box, size)))
        return self._padded(image, box)

    def _padded(self, image: Image.Image, box: Box) -> NDArray[np.uint8]:
        have = box[2] - box[0], box[3] - box[1]
        scale = min(self.width_px / have[0], self.height_px / have[1])
        width = max(1, round(have[0] * scale))
        height = max(1, round(have[1] * scale))
        canvas = Image.new("RGB", (self.width_px, self.height_px), self.background)
        corner = ((self.width_px - width) // 2, (self.height_px - height) // 2)
        canvas.paste(image.resize((width, height), FILTERS[self.interpolation], box), corner)
        return np.asarray(canvas)


def _middle(box: Box, want: tuple[int, int]) -> Box:
    """The largest box in the middle of `box` with the proportions of `want` (width, height)."""
    have = box[2] - box[0], box[3] - box[1]
    scale = min(have[0] / want[0], have[1] / want[1])
    # Rounding may end a billionth of a pixel outside, which Pillow refuses.
    width, height = min(have[0], want[0] * scale), min(have[1], want[1] * scale)
    left, top = box[0] + (have[0] - width) / 2, box[1] + (have[1] - height) / 2
    return left, top, min(box[2], left + width), min(box[3], top + height)
