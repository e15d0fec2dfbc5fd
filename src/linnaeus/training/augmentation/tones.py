"""Views with fewer or other tones: posterised, solarised, equalised, stretched, sharpened."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["equalised", "posterised", "sharpened", "solarised", "stretched"]

# Each takes planes (n, 3, h, w) float32 of 0 to 255 and gives such planes. Their references are
# Pillow's ImageOps and ImageEnhance, as torchvision has them.


def posterised(planes: Tensor, bits: Tensor) -> Tensor:
    """With the highest `bits` (n,) of each value alone; 8 are all."""
    step = (2.0 ** (8 - bits.round()))[:, None, None, None]
    return (planes.round() / step).floor_().mul_(step)


def solarised(planes: Tensor, threshold: Tensor) -> Tensor:
    """With values from `threshold` (n,) on turned to their negative; 256 turns none."""
    turned = (planes >= threshold[:, None, None, None]).float()
    return torch.lerp(planes, 255 - planes, turned)


def stretched(planes: Tensor) -> Tensor:
    """With each channel's darkest value black and its lightest white: autocontrast."""
    low, high = (extreme(planes.flatten(2), 2)[:, :, None, None] for extreme in (_low, _high))
    span = high - low
    plain = span == 0
    scale = 255 / span.masked_fill(plain, 1)
    return torch.where(plain, planes, (planes - low) * scale)


def sharpened(planes: Tensor, factor: Tensor) -> Tensor:
    """As far from their smoothed selves as `factor` (n,) times; 0 smooths, 1 changes nothing.

    The smoothing is Pillow's, a 3 × 3 box whose middle weighs 5 of 13; the rim stays as it is.
    """
    height, width = planes.shape[2:]
    if min(height, width) < 3:
        return planes
    rows = planes[:, :, :-2] + planes[:, :, 1:-1] + planes[:, :, 2:]
    box = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    smooth = planes.clone()
    inner = planes[:, :, 1:-1, 1:-1]
    smooth[:, :, 1:-1, 1:-1] = ((box + 4 * inner) / 13).round_()
    return torch.lerp(smooth, planes, factor[:, None, None, None])


def equalised(planes: Tensor) -> Tensor:
    """With each channel's values spread so that all are about equally frequent."""
    count, channels, height, width = planes.shape
    values = planes.round().clamp_(0, 255).long().view(count * channels, height * width)
    frequency = torch.zeros((count * channels, 256), dtype=torch.int64, device=planes.device)
    frequency.scatter_add_(1, values, torch.ones_like(values))
    return _spread(frequency).gather(1, values).view(planes.shape)


def _spread(frequency: Tensor) -> Tensor:
    """From how often each value stands (m, 256) to what becomes of it: (m, 256) float32."""
    highest = torch.arange(256, device=frequency.device) * (frequency > 0)
    last = frequency.gather(1, highest.argmax(1, keepdim=True))
    step = (frequency.sum(1, keepdim=True) - last) // 255
    below = frequency.cumsum(1) - frequency
    spread = (below + step // 2) // step.clamp(min=1)
    unchanged = torch.arange(256, device=frequency.device).expand_as(frequency)
    return torch.where(step == 0, unchanged, spread.clamp(0, 255)).float()


def _low(values: Tensor, dimension: int) -> Tensor:
    return values.amin(dimension)


def _high(values: Tensor, dimension: int) -> Tensor:
    return values.amax(dimension)
