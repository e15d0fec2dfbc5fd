"""Feature squeezing: making pictures poorer, so that small changes are lost (Xu and others 2018).

Pictures are (…, height, width, 3) uint8 as the network sees them, one or any number of one size; a
squeezer gives pictures of the same shape, in whole levels again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from linnaeus.errors import UsageError

__all__ = [
    "SQUEEZERS",
    "SQUEEZERS_IN_WORDS",
    "Squeezer",
    "SqueezerName",
    "check_squeezer",
    "fewer_bits",
    "median",
    "squeezed",
]

Pixels = NDArray[np.uint8]
Squeezer = Callable[[Pixels], Pixels]
SqueezerName = Literal["bits", "median"]

BITS = 5
"""And a median of 2 × 2: the paper's for photographs, large and small."""


def fewer_bits(pictures: Pixels, bits: int = BITS) -> Pixels:
    """Levels in steps of 255 / (2**bits - 1), each the nearest, in whole levels."""
    steps = 2**bits - 1
    nearest = np.round(np.arange(256) * (steps / 255)) * (255 / steps)
    fewer: Pixels = np.round(nearest).astype(np.uint8)[pictures]
    return fewer


def median(pictures: Pixels) -> Pixels:
    """Each level the median of the 2 × 2 that reach from it up and to the left: the mean of the
    middle two, half a level rounded up. Beyond the edge the picture is reflected.
    """
    beyond = [(0, 0)] * (pictures.ndim - 3) + [(1, 0), (1, 0), (0, 0)]
    wide = np.pad(pictures, beyond, mode="reflect").astype(np.uint16)
    left, here = wide[..., :, :-1, :], wide[..., :, 1:, :]
    lowest, highest, total = np.minimum(left, here), np.maximum(left, here), left + here
    above, below = np.s_[..., :-1, :, :], np.s_[..., 1:, :, :]
    outer = np.minimum(lowest[above], lowest[below]) + np.maximum(highest[above], highest[below])
    middle: Pixels = ((total[above] + total[below] - outer + 1) // 2).astype(np.uint8)
    return middle


SQUEEZERS: dict[SqueezerName, Squeezer] = {"bits": fewer_bits, "median": median}
"""Without the paper's third, non-local means: it takes longer than most networks here."""

SQUEEZERS_IN_WORDS: dict[SqueezerName, str] = {
    "bits": f"{BITS} bits a level",
    "median": "the median of 2 × 2 pixels",
}


def squeezed(inputs: tuple[Pixels, ...], squeezer: SqueezerName | None) -> tuple[Pixels, ...]:
    """What networks see of a picture, one for each of them, made poorer; None: as it is."""
    if squeezer is None:
        return inputs
    return tuple(SQUEEZERS[squeezer](pixels) for pixels in inputs)


def check_squeezer(name: str) -> None:
    """Raise UsageError where there is no squeezer called `name`."""
    if name not in SQUEEZERS:
        raise UsageError(
            f"there is no squeezer {name!r}",
            where="--squeeze",
            mend=f"Give one of {', '.join(get_args(SqueezerName))}.",
        )
