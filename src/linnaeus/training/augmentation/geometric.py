"""Views turned, slanted, moved, zoomed and mirrored: composed into one sampling of the picture."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.handed import handed

__all__ = ["sampled"]


def sampled(planes: Tensor, matrices: NDArray[np.float32]) -> Tensor:
    """`planes` (n, 3, h, w) where `matrices` (n, 2, 3) say, in px from the middle, bilinear.

    What lies outside is the picture reflected. The identity gives back the very numbers, but for
    rounding far below one of 255.
    """
    height, width = planes.shape[2:]
    reach = np.array([2 / max(1, side - 1) for side in (width, height)], np.float32)
    of_x, of_y, moved = handed(matrices * reach[:, None], planes.device)[..., None, None].unbind(2)
    x, y = (_steps(side, planes.device) for side in (width, height))
    grid = (of_x * x).add_(moved) + of_y * y[:, None]
    grid = grid.permute(0, 2, 3, 1)  # (n, h, w, 2), and the first of two is in one piece
    return F.grid_sample(planes, grid, "bilinear", "reflection", align_corners=True)


def _steps(side_px: int, device: torch.device) -> Tensor:
    """Distances from the middle, in px: (side_px,)."""
    return torch.arange(side_px, device=device, dtype=torch.float32) - (side_px - 1) / 2
