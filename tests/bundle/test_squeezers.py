"""Squeezers make of whole levels what their paper says, in whole levels again."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.bundle.squeezers import SQUEEZERS, Squeezer, fewer_bits, median


def some_pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def test_the_median_of_four_is_the_mean_of_the_middle_two_up_to_the_left_and_reflected() -> None:
    picture = some_pictures(7, 9)
    wide = np.pad(picture, ((1, 0), (1, 0), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(wide, (2, 2), axis=(0, 1))
    expected = np.floor(np.median(windows, axis=(3, 4)) + 0.5)
    assert np.array_equal(median(picture), expected)


def test_bits_leave_so_many_levels_each_the_nearest() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    fewer = fewer_bits(levels)
    kept = np.unique(fewer)
    assert len(kept) == 32
    assert {0, 255} <= set(kept.tolist())
    steps = 255 * np.arange(32) / 31
    nearest = steps[np.abs(steps - levels[..., None].astype(float)).argmin(axis=-1)]
    assert np.abs(fewer - nearest).max() <= 0.5


@pytest.mark.parametrize("squeezer", SQUEEZERS.values())
def test_pictures_together_become_what_each_becomes_alone(squeezer: Squeezer) -> None:
    pictures = some_pictures(5, 6, 8)
    together = squeezer(pictures)
    assert together.dtype == np.uint8
    assert np.array_equal(together, np.stack([squeezer(one) for one in pictures]))


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1)])
def test_the_smallest_pictures_can_be_squeezed(size: tuple[int, int]) -> None:
    for squeezer in SQUEEZERS.values():
        assert squeezer(some_pictures(*size)).shape == (*size, 3)
