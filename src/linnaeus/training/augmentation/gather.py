"""Views moved, zoomed, mirrored and turned upside down: rows chosen whole, then columns in them."""

from __future__ import annotations

import torch
from torch import Tensor

from linnaeus.training.augmentation.placement import Placement
from linnaeus.training.handed import handed

__all__ = ["gathered"]


def gathered(pixels: Tensor, placement: Placement) -> Tensor:
    """`pixels` (n, h, w, 3) uint8 as `placement` has them, each pixel the nearest of its picture.

    Its turn and its slant are left out: `geometric.sampled` is for those.
    """
    count, height, width, channels = pixels.shape
    shift, scale, flipped, mirrored = (
        handed(drawn, pixels.device)
        for drawn in (placement.shift, placement.scale, placement.flipped, placement.mirrored)
    )
    rows_at = _axis(height, shift[:, :1], scale[:, :1], flipped)
    columns_at = _axis(width, shift[:, 1:], scale[:, 1:], mirrored)
    start = torch.arange(0, count * height, height, device=pixels.device)
    rows = pixels.reshape(count * height, width * channels)
    rows = rows.index_select(0, (start[:, None] + rows_at).view(-1))
    channel = torch.arange(channels, device=pixels.device)
    places = (columns_at[:, :, None] * channels + channel).view(count, 1, -1)
    chosen = rows.view(count, height, -1).gather(2, places.expand(-1, height, -1))
    return chosen.view(pixels.shape)


def _axis(side_px: int, shift: Tensor, scale: Tensor, turned: Tensor) -> Tensor:
    """Source places (n, side_px) int64 along one side, reflected at its ends.

    `shift`, `scale`: (n, 1) float32; `turned`: (n,) bool.
    """
    middle = (side_px - 1) / 2
    steps = torch.arange(side_px, dtype=torch.float64, device=shift.device) - middle
    moved = (shift * side_px).round()
    places = (steps * scale + middle + moved).round().long()
    period = max(1, 2 * (side_px - 1))
    folded = places.abs() % period
    inside = torch.minimum(folded, period - folded)
    return torch.where(turned[:, None], inside.flip(1), inside)
