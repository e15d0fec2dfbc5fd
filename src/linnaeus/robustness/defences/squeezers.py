"""Feature squeezing: making pictures poorer, so that small changes are lost (Xu and others 2018).

Pictures are (n, 3, h, w) float32 in [0, 1]. A squeezer gives pictures of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["SQUEEZERS", "Squeezer", "fewer_bits", "median", "straight_through"]

Squeezer = Callable[[Tensor], Tensor]

BITS, MEDIAN_PX = 5, 2  # the paper's for photographs, large and small


def fewer_bits(pictures: Tensor, bits: int = BITS) -> Tensor:
    """Levels in steps of 1 / (2**bits - 1), each the nearest."""
    steps = 2**bits - 1
    fewer: Tensor = (pictures * steps).round() / steps
    return fewer


def median(pictures: Tensor, side_px: int = MEDIAN_PX) -> Tensor:
    """Each level the median of the square around it, up to the left where the side is even.

    Of an even number of levels, the mean of the middle two. Beyond the edge the picture is
    reflected.
    """
    before = side_px // 2
    around = (before, side_px - 1 - before) * 2
    windows = F.pad(pictures, around, mode="reflect").unfold(2, side_px, 1).unfold(3, side_px, 1)
    ordered = windows.flatten(4).sort(dim=4).values
    count = side_px * side_px
    return (ordered[..., (count - 1) // 2] + ordered[..., count // 2]) / 2


def straight_through(squeezer: Squeezer, pictures: Tensor) -> Tensor:
    """What `squeezer` gives, with the gradient of doing nothing (BPDA, Athalye and others 2018).

    An attacker who knows of the squeezer goes this way round it.
    """
    with torch.no_grad():
        change = squeezer(pictures) - pictures
    return pictures + change


SQUEEZERS: dict[str, Squeezer] = {"5 bits a level": fewer_bits, "median of 2 × 2": median}
"""Without the paper's third, non-local means: it takes longer than most networks here."""
