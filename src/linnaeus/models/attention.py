"""Attention for convolutions: weighing channels, and weighing places, by what a picture shows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ConvolutionalAttention", "SqueezeExcitation"]

REDUCTION = 16  # of channels inside the small network that weighs them, in both papers
FEWEST_INSIDE = 8  # below this the weighing could tell nothing of narrow stages
PLACES_KERNEL = 7  # the best of the kernels that Woo and others tried


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what all of them say on average (Hu and others 2018, 1709.01507).

    (n, c, h, w) to the same shape: channels times weights in (0, 1), one a picture and channel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = _weighing(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels of `x`."""
        return x * torch.sigmoid(self.weigh(x.mean((2, 3))))[:, :, None, None]


class ConvolutionalAttention(nn.Module):
    """Weigh channels, then places: CBAM (Woo and others 2018, 1807.06521).

    (n, c, h, w) to the same shape. Channels are weighed by their means and their maxima through
    one small network; places by the mean and the maximum over channels through one convolution.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = _weighing(channels)
        self.places = nn.Conv2d(2, 1, PLACES_KERNEL, padding=PLACES_KERNEL // 2, bias=False)
        self.places_norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels of `x`, then its places."""
        weights = self.weigh(x.mean((2, 3))) + self.weigh(x.amax((2, 3)))
        x = x * torch.sigmoid(weights)[:, :, None, None]
        seen = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)
        return x * torch.sigmoid(self.places_norm(self.places(seen)))


class _Weighing(nn.Module):
    """(n, c) to (n, c): two dense layers, narrow between them."""

    def __init__(self, channels: int, inside: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, inside)
        self.excite = nn.Linear(inside, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.excite(F.relu(self.squeeze(x)))
        return weights


def _weighing(channels: int) -> _Weighing:
    return _Weighing(channels, max(FEWEST_INSIDE, channels // REDUCTION))
