"""Pictures as training sees them: moved, zoomed and mirrored, a whole batch in one gather.

Which picture gets which change is a function of (seed, epoch, its index), whatever the batch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.randomness import uniforms

__all__ = ["Augmentation", "mirror_allowed"]

SIDES = {"left", "right", "l", "r", "lhs", "rhs", "clockwise", "anticlockwise", "counterclockwise"}
WORDS_OF_SIGNS = {
    *"zero one two three four five six seven eight nine ten".split(),
    *"digit digits number letter letters character characters text alphabet".split(),
}


def mirror_allowed(classes: Sequence[str], grey: bool) -> tuple[bool, str]:
    """Whether a mirrored picture keeps its class, as far as names tell, and why.

    Digits and letters change or lose their meaning in a mirror, and so do left and right. `grey`
    pictures under bare numbers are taken for digits; so are coloured ones, whose mirror images
    may be harmless, because a wrong mirror costs more than a missing one.

    >>> mirror_allowed(["cat", "dog"], grey=False)[0], mirror_allowed(["0", "1"], grey=True)[0]
    (True, False)
    """
    for name in classes:
        words = re.findall(r"[^\W\d_]+|\d+", name.casefold())
        sided = SIDES.intersection(word for word in words if len(word) > 1 or len(words) == 1)
        if sided and len(name.strip()) > 1:
            return False, f"pictures are not mirrored: class {name!r} tells sides apart"
    signs = [name for name in classes if _names_a_sign(name)]
    if 2 * len(signs) > len(classes):
        kind = "grey pictures of digits or letters" if grey else "digits or letters"
        return False, f"pictures are not mirrored: classes such as {signs[0]!r} look like {kind}"
    return True, "pictures are mirrored at random: no class name speaks of sides or signs"


@dataclass(frozen=True)
class Augmentation:
    """Random views of (n, h, w, 3) uint8 pictures, of the same size.

    `mirror`: half of them are mirrored. `shift` and `zoom` are the largest shares of a side by
    which a view is moved and made smaller or larger; what lies outside is the picture reflected.
    Views take the nearest pixel, so they stay uint8 and the batch is made by one gather.
    """

    seed: int
    mirror: bool
    shift: float
    zoom: float

    def __call__(self, pixels: Tensor, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """The views, in `epoch`, of the pictures at `indices` (n,), whose `pixels` are given.

        `pixels` and what is returned: (n, h, w, 3) uint8.
        """
        _, height, width, channels = pixels.shape
        rows, columns = self._places(epoch, indices, height, width)
        start = torch.arange(len(indices)) * (height * width)
        places = start[:, None, None] + rows[:, :, None] * width + columns[:, None, :]
        flat = pixels.view(-1, channels).index_select(0, places.view(-1))
        return flat.view(-1, height, width, channels)

    def _places(
        self, epoch: int, indices: NDArray[np.int64], height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Which row (n, h) and which column (n, w) of its picture each view shows where."""
        chance = uniforms(self.seed, "augment", epoch, indices, 5)
        signed = 2.0 * chance - 1.0
        scale = np.exp(np.log1p(self.zoom) * signed[:, :2])
        rows = _axis(height, np.rint(self.shift * height * signed[:, 2]), scale[:, 0])
        columns = _axis(width, np.rint(self.shift * width * signed[:, 3]), scale[:, 1])
        if self.mirror:
            columns = np.where(chance[:, 4:] < 0.5, columns[:, ::-1], columns)
        return torch.from_numpy(rows), torch.from_numpy(np.ascontiguousarray(columns))


def _axis(
    side_px: int, shift_px: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Source places (n, side_px) along one side, reflected at its ends."""
    middle = (side_px - 1) / 2
    steps = np.arange(side_px) - middle
    places = np.rint(steps * scale[:, None] + middle + shift_px[:, None]).astype(np.int64)
    period = max(1, 2 * (side_px - 1))
    folded = np.abs(places) % period
    inside: NDArray[np.int64] = np.minimum(folded, period - folded)
    return inside


def _names_a_sign(name: str) -> bool:
    text = name.strip().casefold()
    return len(text) == 1 or text.isdecimal() or bool(WORDS_OF_SIGNS & set(re.split(r"\W|_", text)))
