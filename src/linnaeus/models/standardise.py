"""A fixed shift and scale of features: what a linear head was fitted under."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Standardise"]


class Standardise(nn.Module):
    """(n, d) to (n, d) float32: `(x - shift) * scale`, both (d,) and never learnt."""

    shift: Tensor
    scale: Tensor

    def __init__(self, shift: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("shift", torch.from_numpy(shift.astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(scale.astype(np.float32)))

    def forward(self, features: Tensor) -> Tensor:
        """Standardised features."""
        return (features - self.shift) * self.scale
