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
    across, down = _matrix_columns(handed(matrices, planes.device))
    x, y = (_steps(side, planes.device) for side in (width, height))
    grid = torch.empty((len(planes), height, width, 2), device=planes.device)
    for place, (of_x, of_y, moved), side in ((0, across, width), (1, down, height)):
        line = of_x * x + moved
        reach = 2 / max(1, side - 1)
        torch.add(line[:, None, :] * reach, (of_y * y)[:, :, None] * reach, out=grid[..., place])
    return F.grid_sample(planes, grid, "bilinear", "reflection", align_corners=True)


def _matrix_columns(matrices: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """For x and for y: how they depend on x, on y, and by how much they are moved; (n, 1) each."""
    across, down = matrices.unbind(1)
    return torch.split(across, 1, 1), torch.split(down, 1, 1)


def _steps(side_px: int, device: torch.device) -> Tensor:
    """Distances from the middle, in px: (side_px,)."""
    return torch.arange(side_px, device=device, dtype=torch.float32) - (side_px - 1) / 2
