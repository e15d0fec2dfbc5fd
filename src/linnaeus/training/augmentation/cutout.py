"""Views with a box hidden: Cutout of DeVries and Taylor (2017)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linnaeus.training.handed import handed

__all__ = ["HIDDEN", "boxes", "hidden"]

HIDDEN = 128  # mid-grey: no picture's own colour, and near to nothing once pixels are normalised


def hidden(pixels: Tensor, centre: NDArray[np.float32], side: float) -> Tensor:
    """`pixels` (n, h, w, 3) uint8 with a box of `side`, a share of both sides, turned grey.

    `centre`: (n, 2) of its place down and across, in [0, 1); the box may reach out of the picture.
    """
    _, height, width, _ = pixels.shape
    box = boxes(centre, np.full_like(centre, side), height, width, pixels.device)
    return pixels.masked_fill(box[..., None], HIDDEN)


def boxes(
    centre: NDArray[np.float32],
    sides: NDArray[np.float32],
    height_px: int,
    width_px: int,
    device: torch.device,
) -> Tensor:
    """(n, h, w) bool on `device`: what lies within boxes of `sides` (n, 2) around `centre` (n, 2),
    in shares of the height and the width."""
    down, across = (
        handed(_within(centre[:, axis], sides[:, axis], side_px), device)
        for axis, side_px in enumerate((height_px, width_px))
    )
    return down[:, :, None] & across[:, None, :]


def _within(
    centre: NDArray[np.float32], length: NDArray[np.float32], side_px: int
) -> NDArray[np.bool_]:
    """(n, side_px) bool: the px from `start`, `length` of the side on, of one axis."""
    length_px = np.rint(length * side_px)
    start = np.rint(centre * side_px - length_px / 2)
    place = np.arange(side_px)
    return (place >= start[:, None]) & (place < (start + length_px)[:, None])
