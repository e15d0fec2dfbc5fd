"""Views whose rows or columns slide: shifted by whole pixels, or sheared along one side.

Both take planes (n, c, h, w) uint8 and give such. What lies outside is the picture reflected, as
`geometric.sampled` has it, which would do the same in three times the time.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.augmentation.planes import levels_of
from linnaeus.training.handed import handed

__all__ = ["shifted", "sheared_across", "sheared_down"]

Floats = NDArray[np.float32]


def shifted(planes: Tensor, down_px: Floats, across_px: Floats) -> Tensor:
    """`planes` as seen from so many whole px (n,) further down and across."""
    height, width = planes.shape[2:]
    rows = _reflected(down_px[:, None], height, height, planes.device)
    columns = _reflected(across_px[:, None], width, width, planes.device)
    places = rows.transpose(1, 2) * width + columns
    return _taken(planes, places)


def sheared_across(planes: Tensor, tangent: Floats) -> Tensor:
    """Each row moved by its distance below the middle times `tangent` (n,); linear between px."""
    height, width = planes.shape[2:]
    whole, between = _offsets(tangent, height)
    columns = _reflected(whole, width, width + 1, planes.device)
    start = torch.arange(0, height * width, width, device=planes.device)
    taken = _taken(planes, columns + start[:, None]).float()
    weight = handed(between, planes.device)[:, None, :, None]
    return levels_of(taken[..., :-1].lerp(taken[..., 1:], weight))


def sheared_down(planes: Tensor, tangent: Floats) -> Tensor:
    """Each column moved by its distance right of the middle times `tangent` (n,), likewise."""
    height, width = planes.shape[2:]
    whole, between = _offsets(tangent, width)
    rows = _reflected(whole, height, height + 1, planes.device).transpose(1, 2)
    places = rows * width + torch.arange(width, device=planes.device)
    taken = _taken(planes, places).float()
    weight = handed(between, planes.device)[:, None, None, :]
    return levels_of(taken[:, :, :-1].lerp(taken[:, :, 1:], weight))


def _offsets(tangent: Floats, side_px: int) -> tuple[Floats, Floats]:
    """How far each of a side's lines is moved, (n, side_px): whole px, and what is left of one."""
    middle = (side_px - 1) / 2
    moved = tangent[:, None] * (np.arange(side_px, dtype=np.float32) - np.float32(middle))
    whole = np.floor(moved)
    return whole, moved - whole


def _reflected(
    start: NDArray[np.floating], side_px: int, count: int, device: torch.device
) -> Tensor:
    """(n, k, count) int64: places along a side from each `start` (n, k) on, reflected at its ends.

    `count` is at most a px more than the side.
    """
    period = max(1, 2 * (side_px - 1))
    begins = handed((start % period).astype(np.int64), device)
    from_end = (begins[:, :, None] + torch.arange(-period, count - period, device=device)).abs_()
    return torch.minimum(from_end, period - from_end)


def _taken(planes: Tensor, places: Tensor) -> Tensor:
    """(n, c, k, l): of each plane what is at `places` (n, k, l) int64, row after row."""
    count, channels = planes.shape[:2]
    wanted = places.reshape(count, 1, -1).expand(count, channels, places[0].numel())
    return planes.flatten(2).gather(2, wanted).view(count, channels, *places.shape[1:])
