"""A network that first turns, moves and scales each picture as suits it best."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["SpatialTransformer"]

REACH = 0.5
"""How far each number of the transformation may go from that of leaving the picture as it is. The
paper sets no bound and learns at a rate of its own; at the rate of the other layers a picture
would soon be moved out of sight, from where no gradient leads back."""

LARGEST_GRID_PX = 8  # what the dense layer sees: where things are, to an eighth of a side
CHANNELS = (16, 32)
DENSE = 32


class SpatialTransformer(nn.Module):
    """Resample each picture by an affine map that a small network reads off it.

    Jaderberg and others 2015, 1506.02025. (n, channels, h, w) to the same shape. New, it changes
    nothing. Places outside of the picture take its nearest edge.
    """

    steps_y: Tensor
    steps_x: Tensor

    def __init__(self, channels: int, height_px: int, width_px: int) -> None:
        super().__init__()
        self.look, height, width = _looking(channels, height_px, width_px)
        self.dense = nn.Linear(CHANNELS[-1] * height * width, DENSE)
        self.affine = nn.Linear(DENSE, 6)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)
        self.register_buffer("steps_y", _steps(height_px), persistent=False)
        self.register_buffer("steps_x", _steps(width_px), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Each picture of `x` as its own map shows it."""
        seen = F.relu(self.dense(self.look(x).flatten(1)))
        # In float32 whatever the layers around: bfloat16 cannot tell neighbouring pixels apart.
        change = REACH * torch.tanh(self.affine(seen).float())
        x_from = self._places(change[:, :3], 0)
        y_from = self._places(change[:, 3:], 1)
        grid = torch.stack([x_from, y_from], dim=-1)
        return F.grid_sample(x.float(), grid, padding_mode="border", align_corners=False)

    def _places(self, change: Tensor, axis: int) -> Tensor:
        """(n, h, w): along `axis` (0: x), where in the picture, -1 to 1, each new pixel is from."""
        of_x, of_y, shift = (change[:, i, None, None] for i in range(3))
        own = self.steps_x[None, None, :] if axis == 0 else self.steps_y[None, :, None]
        return own + of_x * self.steps_x[None, None, :] + of_y * self.steps_y[None, :, None] + shift


def _looking(channels: int, height_px: int, width_px: int) -> tuple[nn.Sequential, int, int]:
    """Convolutions that halve a picture until a dense layer can see all of it, and what is left."""
    layers: list[nn.Module] = []
    height, width, before = height_px, width_px, channels
    for after in CHANNELS:
        layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.ReLU()]
        height, width, before = -(-height // 2), -(-width // 2), after
    while max(height, width) > LARGEST_GRID_PX:
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
        height, width = -(-height // 2), -(-width // 2)
    return nn.Sequential(*layers), height, width


def _steps(side_px: int) -> Tensor:
    """Middles of the pixels along a side, from -1 to 1 between the outer edges."""
    return (2 * torch.arange(side_px) + 1) / side_px - 1
