"""Views brighter, darker, flatter, paler or of another hue: one matrix of colours a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.handed import handed

__all__ = ["GREY", "Tint", "grey_of", "tinted"]

Floats = NDArray[np.float32]

GREY = np.array((0.2989, 0.587, 0.114), np.float32)
"""How much of red, green and blue makes grey: ITU-R BT.601, as Pillow and torchvision have it."""


@dataclass(frozen=True)
class Tint:
    """For n pictures, factors of brightness, contrast and saturation, and a turn of hue.

    Each is (n,). Factors of 1 and turns of 0 change nothing; a turn of 1 is once around.
    """

    brightness: Floats
    contrast: Floats
    saturation: Floats
    hue: Floats

    @classmethod
    def drawn(cls, plan: AugmentPlan, seed: int, epoch: int, indices: NDArray[np.int64]) -> Tint:
        """The tint, in `epoch`, of the views of the pictures at `indices` (n,)."""
        signed = 2 * uniforms(seed, "colour", epoch, indices, 4) - 1
        strengths = (plan.brightness, plan.contrast, plan.saturation, plan.hue)
        drawn = signed * np.array(strengths, np.float32)
        brightness, contrast, saturation = (1 + drawn[:, :3]).T
        return cls(brightness, contrast, saturation, drawn[:, 3])

    def matrices(self) -> Floats:
        """(n, 3, 3): from a pixel's red, green and blue to those of its view, but for contrast's
        share of the mean grey. Brightness and saturation, and the hue, which turns about grey."""
        unchanged = np.eye(3, dtype=np.float32)
        grey = np.broadcast_to(GREY / GREY.sum(), (3, 3))
        pale = grey + self.saturation[:, None, None] * (unchanged - grey)
        factor = self.brightness * self.contrast
        made: Floats = factor[:, None, None] * (_turned(self.hue) @ pale)
        return made.astype(np.float32)

    @property
    def keeps_hues(self) -> bool:
        """Whether colours are as far from grey, and as far around it, as they were."""
        return bool((self.saturation == 1).all() and (self.hue == 0).all())


def tinted(planes: Tensor, tint: Tint) -> Tensor:
    """`planes` (n, 3, h, w) of 0 to 255 as `tint` has them; not cut off at black and white."""
    towards = handed(tint.brightness * (1 - tint.contrast), planes.device)
    offset = (towards * grey_of(planes.mean((2, 3), keepdim=True))[:, 0, 0])[:, None, None, None]
    if tint.keeps_hues:
        factor = handed(tint.brightness * tint.contrast, planes.device)
        return (planes * factor[:, None, None, None]).add_(offset)
    matrices = handed(tint.matrices(), planes.device)[..., None, None]
    out = planes[:, :1] * matrices[:, :, 0]
    for channel in (1, 2):
        out.add_(planes[:, channel : channel + 1] * matrices[:, :, channel])
    return out.add_(offset)


def grey_of(planes: Tensor) -> Tensor:
    """The grey (n, h, w) of `planes` (n, 3, h, w)."""
    red, green, blue = planes.unbind(1)
    weights = GREY.tolist()
    grey: Tensor = (red * weights[0]).add_(green, alpha=weights[1]).add_(blue, alpha=weights[2])
    return grey


def _turned(hue: Floats) -> Floats:
    """(n, 3, 3): colours turned by `hue` (n,) turns about the line of greys, which stay.

    A rotation about (1, 1, 1), by Rodrigues' formula: red goes over green to blue.
    """
    angle = 2 * np.pi * hue[:, None, None]
    towards_grey = np.full((3, 3), 1 / 3)
    crossed = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    cosine = np.cos(angle)
    turned: Floats = (
        cosine * np.eye(3) + np.sin(angle) * crossed + (1 - cosine) * towards_grey
    ).astype(np.float32)
    return turned
