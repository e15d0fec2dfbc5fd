"""Views with fewer or other tones: posterised, solarised, equalised, stretched, sharpened."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.planes import levels_of
from linnaeus.training.handed import handed

__all__ = ["equalised", "posterised", "sharpened", "solarised", "stretched"]

# Each takes planes (n, c, h, w) uint8 and gives such planes: bytes are a fourth of what numbers
# would be to read and write. Their references are Pillow's ImageOps and ImageEnhance, as
# torchvision has them.

Floats = NDArray[np.float32]


def posterised(planes: Tensor, bits: NDArray[np.integer]) -> Tensor:
    """With the highest `bits` (n,) of each value alone; 8 are all."""
    kept = (0xFF << (8 - bits)) & 0xFF
    return planes & _each(kept.astype(np.uint8), planes)


def solarised(planes: Tensor, threshold: Floats) -> Tensor:
    """With values from `threshold` (n,) on turned to their negative; above 255 it turns none."""
    first = np.ceil(threshold)
    turning = np.where(first > 255, 0, 255).astype(np.uint8)
    least = _each(first.clip(0, 255).astype(np.uint8), planes)
    turned = torch.empty_like(planes)
    torch.ge(planes, least, out=turned)  # as bytes: 15 times as fast as to bool
    return turned.mul_(_each(turning, planes)).bitwise_xor_(planes)


def stretched(planes: Tensor) -> Tensor:
    """With each channel's darkest value black and its lightest white: autocontrast."""
    low, high = planes.amin((2, 3), keepdim=True), planes.amax((2, 3), keepdim=True)
    span = high - low
    scale = torch.where(span == 0, 1, 255 / span)
    return levels_of((planes - low.masked_fill(span == 0, 0)).float().mul_(scale))


def sharpened(planes: Tensor, factor: Floats) -> Tensor:
    """As far from their smoothed selves as `factor` (n,) times; 0 smooths, 1 changes nothing.

    The smoothing is Pillow's, a 3 × 3 box whose middle weighs 5 of 13; the rim stays as it is.
    """
    height, width = planes.shape[2:]
    if min(height, width) < 3:
        return planes
    levels = planes.to(torch.int16)
    rows = levels[:, :, :-2] + levels[:, :, 1:-1] + levels[:, :, 2:]
    box = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    inner = levels[:, :, 1:-1, 1:-1]
    smooth = box.add_(inner, alpha=4).float().div_(13).round_()
    sharp = planes.clone()
    sharp[:, :, 1:-1, 1:-1] = levels_of(smooth.lerp_(inner.float(), _each(factor, planes)))
    return sharp


def equalised(planes: Tensor) -> Tensor:
    """With each channel's values spread so that all are about equally frequent."""
    values = planes.reshape(-1, planes.shape[2] * planes.shape[3])
    places = values.long()
    frequency = torch.zeros((len(values), 256), dtype=torch.int32, device=planes.device)
    frequency.scatter_add_(1, places, torch.ones_like(places, dtype=torch.int32))
    highest = values.amax(1, keepdim=True).long()
    return _spread(frequency, highest).gather(1, places).view(planes.shape)


def _spread(frequency: Tensor, highest: Tensor) -> Tensor:
    """From how often each value stands (m, 256) int32 to what becomes of it: (m, 256) uint8.

    `highest`: (m, 1), the last value that there is. Quotients of whole numbers below 2^24 are cut
    to whole ones in float32, where they come out right and division is eight to an instruction.
    """
    reached = frequency.cumsum(1, dtype=torch.int32)
    step = (reached[:, -1:] - frequency.gather(1, highest)) // 255
    below = (reached - frequency).add_(step // 2).float()
    spread = below.div_(step.clamp(min=1)).floor_()
    unchanged = torch.arange(256, device=frequency.device, dtype=torch.float32)
    return levels_of(torch.where(step == 0, unchanged, spread))


def _each(values: NDArray[np.uint8] | Floats, planes: Tensor) -> Tensor:
    """A number for each picture, to be taken with its planes."""
    return handed(values, planes.device)[:, None, None, None]
