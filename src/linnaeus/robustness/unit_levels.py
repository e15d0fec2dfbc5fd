"""Pictures as attacks see them, and the network that answers to such pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.models.reopened import Reopened

__all__ = ["answering_unit_levels", "in_unit_levels", "in_whole_levels"]


def in_unit_levels(pixels: NDArray[np.uint8]) -> Tensor:
    """`pixels` (n, h, w, 3) as (n, 3, h, w) float32 in [0, 1]."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def in_whole_levels(pictures: Tensor) -> NDArray[np.uint8]:
    """The way back, each level the nearest: `pictures` (n, 3, h, w) as they are saved."""
    whole = (pictures.detach().permute(0, 2, 3, 1) * 255).round().to(torch.uint8)
    return whole.contiguous().numpy()


def answering_unit_levels(network: Reopened) -> Callable[[Tensor], Tensor]:
    """The network for pictures (n, 3, h, w) in [0, 1]: its preprocessing lies inside."""

    def answer(pictures: Tensor) -> Tensor:
        logits: Tensor = network(255 * pictures.permute(0, 2, 3, 1))
        return logits

    return answer
