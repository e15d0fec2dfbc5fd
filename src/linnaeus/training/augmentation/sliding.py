"""Views whose rows or columns slide: shifted by whole pixels, or sheared along one side.

Both take planes (n, c, h, w) uint8 and give such. What lies outside is the picture reflected, as
`geometric.sampled` has it, which would do the same in three times the time.
"""

from __future__ import annotations

from functools import lru_cache

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
    rows = _reflected(down_px[:, None], height, height, planes.device, width)
    columns = _reflected(across_px[:, None], width, width, planes.device)
    return _taken(planes, rows.transpose(1, 2) + columns)


def sheared_across(planes: Tensor, tangent: Floats) -> Tensor:
    """Each row moved by its distance below the middle times `tangent` (n,); linear between px."""
    height, width = planes.shape[2:]
    return _sheared(planes, tangent, (height, width), (width, 1))


def sheared_down(planes: Tensor, tangent: Floats) -> Tensor:
    """Each column moved by its distance right of the middle times `tangent` (n,), likewise."""
    height, width = planes.shape[2:]
    return _sheared(planes, tangent, (width, height), (1, width)).transpose(2, 3)


def _sheared(
    planes: Tensor, tangent: Floats, sides_px: tuple[int, int], steps: tuple[int, int]
) -> Tensor:
    """(n, c, lines, px): the lines of `planes`, moved along themselves.

    `sides_px`: how many lines, and how long they are; `steps`: from a line to the next, and from
    a px of a line to the next, in a plane row after row.
    """
    lines, length = sides_px
    moved = tangent[:, None] * (np.arange(lines, dtype=np.float32) - np.float32((lines - 1) / 2))
    whole = np.floor(moved)
    places = _reflected(whole, length, length + 1, planes.device, steps[1])
    places += torch.arange(lines, device=planes.device)[:, None] * steps[0]
    taken = _taken(planes, places).float()
    between = handed(moved - whole, planes.device)[:, None, :, None]
    return levels_of(taken[..., :-1].lerp(taken[..., 1:], between))


def _reflected(
    start: NDArray[np.floating], side_px: int, count: int, device: torch.device, step: int = 1
) -> Tensor:
    """(n, k, count) int64: places along a side from each `start` (n, k) on, reflected at its ends.

    `count` is at most a px more than the side; places are `step` apart.
    """
    begins = handed((start % _period(side_px)).astype(np.int64), device)
    return _windows(side_px, count, step, device)[begins]


@lru_cache(maxsize=16)  # of one size of pictures there are five
def _windows(side_px: int, count: int, step: int, device: torch.device) -> Tensor:
    """(period, count): what `_reflected` gives for each start. All are parts of one line."""
    period = _period(side_px)
    places = torch.arange(period + count, device=device) % period
    return (torch.minimum(places, period - places) * step).unfold(0, count, 1)


def _period(side_px: int) -> int:
    """After how many px a line that is reflected again and again is as it was."""
    return max(1, 2 * (side_px - 1))


def _taken(planes: Tensor, places: Tensor) -> Tensor:
    """(n, c, k, l): of each plane what is at `places` (n, k, l) int64, row after row."""
    count, channels = planes.shape[:2]
    wanted = places.reshape(count, 1, -1).expand(-1, channels, -1)
    return planes.flatten(2).gather(2, wanted).view(count, channels, *places.shape[1:])
