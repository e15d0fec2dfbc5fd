"""What a picture looks like to no network at all: brightness, colours, contrast and detail.

Networks forget what does not help to tell their classes apart, and so take for one of them what
looks like none. These numbers forget other things. Checked in `benchmarks/unknown.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from linnaeus.bundle.squared_lengths import squared_lengths

__all__ = ["APPEARANCE", "appearance"]

SMALL_PX = 32
"""Side to which a picture is averaged down, about, for its colours and its coarse detail."""

DETAIL_PX = 64
"""Side of the part in the middle whose finest detail is measured, at most."""

MOST_IN_16_BITS = 16
"""Side of the largest block whose sum, of 255 at most each, has room in 16 bits."""

LEVELS = 4
"""Scales of detail, each half as fine as the one before."""

QUANTILES = (0.05, 0.25, 0.75, 0.95)
FAINT = np.float32(0.003)
"""Added before a logarithm: less than one level of 255, so that flat pictures stay finite."""

EXTREMES = (0.02, 0.98)
"""Brightness, of 1, below which a pixel counts as black, and above which as white."""

OPPONENTS: NDArray[np.float32] = np.array(
    [[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [0.5, 0.5, -1]], np.float32
) / np.float32(255)
"""From (red, green, blue) to brightness, red against green, and yellow against blue."""

DETAILS = 9
"""Numbers that tell the detail of one scale."""

APPEARANCE = 3 * (2 + len(QUANTILES)) + 4 + DETAILS * (LEVELS + 1)
"""How many numbers tell it."""

Floats = NDArray[np.float32]

HALF = np.float32(0.5)


def appearance(pixels: NDArray[np.uint8]) -> Floats:
    """(..., APPEARANCE) float32 of pictures (..., height, width, 3) uint8 RGB of at least a pixel.

    Of each by itself: the bits do not depend on how many there are. Several take a fraction of the
    time, 16 to 64 at once a third to a fifth of it.
    """
    small, middle = _averaged(pixels), _middle(pixels)
    channels = _opponents(small)
    scales = [channels]
    for _ in range(LEVELS - 1):
        scales.append(_halved(scales[-1]))
    size = pixels.shape[-3:-1]
    if middle.shape[-3:-1] == small.shape[-2:] == size:  # a small picture is its own middle
        detail = _detail(scales)
        parts = [_colours(small, channels), detail, detail[..., :DETAILS]]
    else:
        scales.append(_opponents(_planes(middle)))
        parts = [_colours(small, channels), _detail(scales)]
    return np.concatenate(parts, axis=-1)


def _averaged(pixels: NDArray[np.uint8]) -> Floats:
    """(..., 3, height, width) the means of square blocks, so that the shorter side has 32 to 63;
    smaller ones stay. Whole numbers are summed, so no order of doing it changes a bit."""
    *lead, height, width, _ = pixels.shape
    block = max(1, min(height, width) // SMALL_PX)
    if block == 1:
        return _planes(pixels)
    down, across = height // block, width // block
    wide = np.uint16 if block <= MOST_IN_16_BITS else np.uint32
    rows = pixels[..., : down * block, : across * block, :].reshape(*lead, down, block, -1)
    summed: NDArray[Any] = rows[..., 0, :].astype(wide)
    for row in range(1, block):
        summed += rows[..., row, :]
    planes = _channels_first(summed.reshape(*lead, down, across * block, 3))
    sums = planes[..., ::block].copy()
    for column in range(1, block):
        sums += planes[..., column::block]
    means: Floats = sums.astype(np.float32) / np.float32(block * block)
    return means


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = (max(0, (side - DETAIL_PX) // 2) for side in pixels.shape[-3:-1])
    middle: NDArray[np.uint8] = pixels[..., top : top + DETAIL_PX, left : left + DETAIL_PX, :]
    return middle


def _planes(pixels: NDArray[np.uint8]) -> Floats:
    """(..., 3, height, width) float32, each channel by itself in memory."""
    planes: Floats = _channels_first(pixels, np.float32)
    return planes


def _channels_first(pixels: NDArray[Any], dtype: DTypeLike | None = None) -> NDArray[Any]:
    return np.ascontiguousarray(pixels.swapaxes(-1, -2).swapaxes(-2, -3), dtype)


def _opponents(planes: Floats) -> Floats:
    channels: Floats = OPPONENTS @ _flat(planes)
    return channels.reshape(planes.shape)


def _flat(planes: Floats) -> Floats:
    """(..., 3, n) of (..., 3, height, width)."""
    return planes.reshape(*planes.shape[:-2], -1)


def _halved(channels: Floats) -> Floats:
    """Means of 2 × 2; a side of one pixel stays."""
    height, width = channels.shape[-2:]
    halved = channels
    if height > 1:
        upper, lower = halved[..., 0 : height - 1 : 2, :], halved[..., 1:height:2, :]
        halved = np.multiply(upper + lower, HALF)
    if width > 1:
        halved = np.multiply(halved[..., 0 : width - 1 : 2] + halved[..., 1:width:2], HALF)
    return halved


def _colours(small: Floats, channels: Floats) -> Floats:
    """Mean, spread and quantiles of each channel; saturation; the shares of black and white."""
    rising = np.sort(_flat(channels), axis=-1)
    count = rising.shape[-1]
    quantiles = rising[..., [round(q * (count - 1)) for q in QUANTILES]]
    mean, spread = _mean_and_spread(rising)
    red, green, blue = (_flat(small)[..., channel, :] for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    saturation = _mean_and_spread(np.divide(most - least, np.float32(255)))
    black, not_white = ((rising[..., 0, :] < end).sum(axis=-1) / count for end in EXTREMES)
    ends = np.stack([*saturation, black, 1 - not_white], axis=-1)
    lead = rising.shape[:-2]
    parts = [mean, spread, quantiles.reshape(*lead, -1), ends]
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def _mean_and_spread(rows: Floats) -> tuple[Floats, Floats]:
    """(...,) the mean of each row of (..., n), and the logarithm of its standard deviation."""
    mean: Floats = rows.mean(axis=-1)
    apart = rows - mean[..., None]
    squares = squared_lengths(apart) / np.float32(rows.shape[-1])
    return mean, np.log(np.sqrt(squares) + FAINT)


def _detail(scales: Sequence[Floats]) -> Floats:
    """(..., 9 a scale) of each channel: how much neighbours beside and below differ, how evenly.

    Means are of what there is; a side of one pixel has no neighbours and gives 0.
    """
    sums, counts = [], []
    for channels in scales:
        across = channels[..., 1:] - channels[..., :-1]
        below = channels[..., 1:, :] - channels[..., :-1, :]
        sums += [squared_lengths(_flat(steps)) for steps in (across, below)]
        sums.append(np.abs(across, out=across).sum(axis=(-2, -1)))
        steps_across, steps_below = (math.prod(steps.shape[-2:]) for steps in (across, below))
        counts += [steps_across, steps_below, steps_across]
    lead = scales[0].shape[:-3]
    means = np.stack(sums, axis=-2).reshape(*lead, len(scales), 3, 3)
    means /= np.maximum(np.array(counts, np.float32), 1).reshape(len(scales), 3, 1)
    np.sqrt(means[..., :2, :], out=means[..., :2, :])
    told: Floats = np.log(means + FAINT).reshape(*lead, -1)
    return told
