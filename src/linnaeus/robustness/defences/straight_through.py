"""Squeezers for pictures as attacks see them, (n, 3, h, w) float32 in [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.bundle.squeezers import Squeezer
from linnaeus.robustness.unit_levels import in_unit_levels, in_whole_levels

__all__ = ["straight_through"]


def straight_through(squeezer: Squeezer, pictures: Tensor) -> Tensor:
    """What `squeezer` gives for `pictures` in whole levels, which is how a bundle gets them, with
    the gradient of doing nothing (BPDA, Athalye and others 2018).

    An attacker who knows of the squeezer goes this way round it.
    """
    with torch.no_grad():
        change = in_unit_levels(squeezer(in_whole_levels(pictures))) - pictures
    return pictures + change
