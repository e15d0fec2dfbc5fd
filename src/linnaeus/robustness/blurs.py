"""Blurs of pictures (n, h, w, 3) in [0, 1]: out of focus, through glass, by motion, by zooming."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from linnaeus.randomness import generator
from linnaeus.robustness.warping import stretching

__all__ = ["defocused", "moved", "swept", "through_glass", "zoomed"]

Levels = NDArray[np.float32]


def defocused(levels: Levels, radius: int, soft: float) -> Levels:
    """Every point spread over a disk of `radius` pixels with an edge softened by `soft` pixels."""
    return _convolved(levels, _disk(radius, soft))


def through_glass(
    levels: Levels, spread: float, reach: int, rounds: int, *, seed: int, first: int
) -> Levels:
    """Blurred, pixels swapped with neighbours up to `reach` away `rounds` times, blurred again."""
    sigma = (0, spread, spread, 0)
    smooth = gaussian_filter(levels, sigma, mode="nearest")
    count, height, width, _ = levels.shape
    rows, columns = range(height - reach, reach, -1), range(width - reach, reach, -1)
    steps = len(rows) * len(columns) * rounds
    numbers = range(first, first + count)
    drawn = np.stack(
        [generator(seed, "glass", n).integers(-reach, reach, (steps, 2)) for n in numbers], axis=1
    )
    picture, step = np.arange(count), 0
    for _ in range(rounds):
        for y in rows:
            for x in columns:
                there = picture, y + drawn[step, :, 1], x + drawn[step, :, 0]
                here = picture, y, x
                smooth[here], smooth[there] = smooth[there], smooth[here].copy()
                step += 1
    blurred: Levels = gaussian_filter(smooth, sigma, mode="nearest")
    return blurred


def moved(levels: Levels, radius: int, spread: float, angles_deg: Levels) -> Levels:
    """Each picture swept along its angle (n,), fading over `spread` pixels."""
    pairs = zip(levels, angles_deg, strict=True)
    return np.stack([swept(one, radius, spread, float(angle)) for one, angle in pairs])


def swept(picture: Levels, radius: int, spread: float, angle_deg: float) -> Levels:
    """One picture (h, w, …) swept along an angle; its edge is repeated beyond it."""
    length = 2 * radius + 1
    kernel = np.exp(-(np.arange(length) ** 2) / (2 * spread**2))
    kernel /= kernel.sum()
    height, width = picture.shape[:2]
    down, across = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    steps = np.arange(length)
    dy, dx = -np.ceil(steps * down - 0.5).astype(int), -np.ceil(steps * across - 0.5).astype(int)
    inside = (np.abs(dy) < height) & (np.abs(dx) < width)
    far = int(inside.argmin()) if not inside.all() else length
    rows = np.clip(np.arange(height) - dy[:far, None], 0, height - 1)
    columns = np.clip(np.arange(width) - dx[:far, None], 0, width - 1)
    places = (rows[:, :, None] * width + columns[:, None, :]).reshape(far, -1)
    copies = picture.reshape(height * width, -1)[places].reshape(far, -1)
    blurred: Levels = kernel[:far].astype(np.float32) @ copies
    return blurred.reshape(picture.shape)


def zoomed(levels: Levels, factors: NDArray[np.float64]) -> Levels:
    """The mean of the pictures and of their middles enlarged by each of `factors`."""
    _, height, width, _ = levels.shape
    total = levels.copy()
    for factor in factors:
        high, wide = math.ceil(height / factor), math.ceil(width / factor)
        top, left = (height - high) // 2, (width - wide) // 2
        middle = levels[:, top : top + high, left : left + wide].transpose(0, 3, 1, 2)
        down = stretching(high, float(factor))[:height]
        across = stretching(wide, float(factor))[:width]
        large = down @ middle @ across.T  # a picture at a time, so that batches change nothing
        total[:, : len(down), : len(across)] += large.transpose(0, 2, 3, 1)
    return total / np.float32(len(factors) + 1)


def _disk(radius: int, soft: float) -> NDArray[np.float64]:
    """A disk that adds up to 1, its edge softened with a Gaussian of 3 or 5 pixels."""
    reach = 8 if radius <= 8 else radius
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (rows**2 + columns**2 <= radius**2).astype(np.float64)
    disk /= disk.sum()
    side = 1 if radius <= 8 else 2
    steps = np.arange(-side, side + 1)
    kernel = np.exp(-(steps**2) / (2 * soft**2))
    kernel /= kernel.sum()
    padded = np.pad(disk, side, mode="reflect")
    for axis in (0, 1):
        padded = np.apply_along_axis(lambda row: np.convolve(row, kernel, "valid"), axis, padded)
    return padded


def _convolved(levels: Levels, kernel: NDArray[np.float64]) -> Levels:
    """`levels` under a symmetric `kernel` (k, k), mirrored at the edge, which is not repeated."""
    reach = len(kernel) // 2
    around = [(0, 0), (reach, reach), (reach, reach), (0, 0)]
    padded = np.pad(levels, around, mode="reflect")
    size = padded.shape[1:3]
    spectrum = np.fft.rfft2(kernel, size)
    blurred = np.empty_like(levels)
    for channel in range(levels.shape[3]):
        product = np.fft.rfft2(padded[..., channel]) * spectrum
        whole = np.fft.irfft2(product, size)
        blurred[..., channel] = whole[:, 2 * reach :, 2 * reach :]
    return blurred
