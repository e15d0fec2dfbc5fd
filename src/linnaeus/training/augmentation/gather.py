"""Views moved, zoomed, mirrored and turned upside down: rows and columns chosen in one gather."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.placement import Placement

__all__ = ["gathered"]


def gathered(pixels: Tensor, placement: Placement) -> Tensor:
    """`pixels` (n, h, w, 3) uint8 as `placement` has them, each pixel the nearest of its picture.

    Its turn and its slant are left out: `geometric.sampled` is for those.
    """
    count, height, width, channels = pixels.shape
    rows = _axis(height, placement.shift[:, 0], placement.scale[:, 0], placement.flipped)
    columns = _axis(width, placement.shift[:, 1], placement.scale[:, 1], placement.mirrored)
    rows_at, columns_at = (torch.from_numpy(axis).to(pixels.device) for axis in (rows, columns))
    start = torch.arange(count, device=pixels.device) * (height * width)
    places = start[:, None, None] + rows_at[:, :, None] * width + columns_at[:, None, :]
    flat = pixels.reshape(-1, channels).index_select(0, places.view(-1))
    return flat.view(count, height, width, channels)


def _axis(
    side_px: int,
    shift: NDArray[np.float32],
    scale: NDArray[np.float32],
    turned: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Source places (n, side_px) along one side, reflected at its ends."""
    middle = (side_px - 1) / 2
    steps = np.arange(side_px) - middle
    moved = np.rint(shift * side_px)
    places = np.rint(steps * scale[:, None] + middle + moved[:, None]).astype(np.int64)
    period = max(1, 2 * (side_px - 1))
    folded = np.abs(places) % period
    inside = np.minimum(folded, period - folded)
    return np.array(np.where(turned[:, None], inside[:, ::-1], inside), np.int64)
