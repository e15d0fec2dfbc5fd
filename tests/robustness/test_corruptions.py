"""Corruptions are those of the benchmark, and depend on nothing but seed, kind and picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from scipy import ndimage

from linnaeus.robustness.corruptions import CORRUPTIONS, KINDS, SEVERITIES, corrupt
from linnaeus.robustness.shifts import SHIFTS, affine, shifted

cv2 = pytest.importorskip("cv2")


def worsened(pixels: np.ndarray, kind: str, severity: int, **given: int) -> np.ndarray:
    change = corrupt if kind in CORRUPTIONS else shifted
    return change(pixels, kind, severity, **given)


def some_pixels(photo_pixels: np.ndarray, count: int = 4) -> np.ndarray:
    small = [Image.fromarray(one).resize((48, 40)) for one in photo_pixels[:count]]
    return np.stack([np.asarray(one) for one in small])


@pytest.mark.parametrize("kind", [*CORRUPTIONS, *SHIFTS])
def test_a_batch_is_its_pictures_one_by_one(photo_pixels: np.ndarray, kind: str) -> None:
    pixels = some_pixels(photo_pixels)
    kept = pixels.copy()
    together = worsened(pixels, kind, 3, seed=5)
    alone = [worsened(pixels[n : n + 1], kind, 3, seed=5, first=n)[0] for n in range(len(pixels))]
    assert np.array_equal(together, np.stack(alone))
    assert together.dtype == np.uint8
    assert together.shape == pixels.shape
    assert np.array_equal(pixels, kept), "what was given is left as it was"


@pytest.mark.parametrize("kind", [*CORRUPTIONS, *SHIFTS])
def test_a_picture_gets_worse_with_severity(photo_pixels: np.ndarray, kind: str) -> None:
    pixels = some_pixels(photo_pixels)
    errors = [
        np.abs(worsened(pixels, kind, severity).astype(int) - pixels).mean()
        for severity in SEVERITIES
    ]
    assert errors[0] > 0.1
    if kind == "frost":  # which is as bright as pale pictures are
        likeness = [
            np.corrcoef(worsened(pixels, kind, s).ravel(), pixels.ravel())[0, 1] for s in (1, 5)
        ]
        assert likeness[1] < likeness[0]
    elif kind != "resize-filter":  # there severities are filters
        assert errors[4] > errors[0]


def test_the_fifteen_in_four_groups() -> None:
    assert len(CORRUPTIONS) == 15
    assert sorted(sum(KINDS.values(), ())) == sorted(CORRUPTIONS)


def test_other_seeds_and_numbers_draw_others(photo_pixels: np.ndarray) -> None:
    pixels = some_pixels(photo_pixels, 1)
    for kind in ("gaussian-noise", "snow", "frost", "fog", "elastic-transform", "occlusion"):
        first = worsened(pixels, kind, 3)
        assert not np.array_equal(first, worsened(pixels, kind, 3, seed=1))
        assert not np.array_equal(first, worsened(pixels, kind, 3, first=1))


# The reference for the kinds without chance: the benchmark's definitions, by OpenCV and SciPy.


def defocus(picture: np.ndarray, severity: int) -> np.ndarray:
    radius, soft = [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)][severity - 1]
    reach, size = (8, (3, 3)) if radius <= 8 else (radius, (5, 5))
    at = np.arange(-reach, reach + 1)
    disk = (at[:, None] ** 2 + at[None] ** 2 <= radius**2).astype(np.float32)
    kernel = cv2.GaussianBlur(disk / disk.sum(), ksize=size, sigmaX=soft)
    return cv2.filter2D(picture / 255.0, -1, kernel)


def zoom(picture: np.ndarray, severity: int) -> np.ndarray:
    stop, step = [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)][
        severity - 1
    ]
    levels, factors = picture / 255.0, np.arange(1, stop, step)
    height, width, _ = picture.shape
    total = levels.copy()
    for factor in factors:
        high, wide = math.ceil(height / factor), math.ceil(width / factor)
        top, left = (height - high) // 2, (width - wide) // 2
        middle = levels[top : top + high, left : left + wide]
        large = ndimage.zoom(middle, (factor, factor, 1), order=1)[:height, :width]
        total[: len(large), : large.shape[1]] += large
    return total / (len(factors) + 1)


def brightness(picture: np.ndarray, severity: int) -> np.ndarray:
    colour = pytest.importorskip("skimage.color")
    hsv = colour.rgb2hsv(picture)
    hsv[..., 2] = np.clip(hsv[..., 2] + severity / 10, 0, 1)
    return colour.hsv2rgb(hsv)


def contrast(picture: np.ndarray, severity: int) -> np.ndarray:
    kept = [0.4, 0.3, 0.2, 0.1, 0.05][severity - 1]
    means = (picture / 255.0).mean((0, 1), keepdims=True)
    return (picture / 255.0 - means) * kept + means


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("defocus-blur", defocus),
        ("zoom-blur", zoom),
        ("brightness", brightness),
        ("contrast", contrast),
    ],
)
def test_they_are_the_benchmarks(photo_pixels: np.ndarray, kind: str, reference) -> None:
    for picture in some_pixels(photo_pixels):
        for severity in SEVERITIES:
            expected = np.clip(reference(picture, severity), 0, 1) * 255
            given = corrupt(picture[None], kind, severity)[0]
            assert np.abs(given - expected).mean() <= 0.5


def test_noise_has_the_strength_that_the_benchmark_says() -> None:
    grey = np.full((1, 200, 200, 3), 128, np.uint8)
    for severity, spread in zip(SEVERITIES, (0.08, 0.12, 0.18, 0.26, 0.38), strict=True):
        noisy = corrupt(grey, "gaussian-noise", severity)[0] / 255
        inside = noisy[(noisy > 0) & (noisy < 1)]
        assert abs(np.median(noisy) - 128 / 255) < 0.01
        assert inside.std() <= spread * 1.03
        if severity < 4:  # above, a good part is clipped
            assert inside.std() >= spread * 0.93
    salt = corrupt(grey, "impulse-noise", 5)[0]
    assert (salt == 0).mean() == pytest.approx(0.135, abs=0.01)
    assert (salt == 255).mean() == pytest.approx(0.135, abs=0.01)


def test_turns_and_moves_are_what_they_say() -> None:
    pixels = np.zeros((1, 21, 21, 3), np.uint8)
    pixels[0, 10, 15] = 255
    assert affine(pixels, turned_deg=90)[0, 5, 10].max() >= 250  # against the clock
    assert affine(pixels, across=-5 / 21)[0, 10, 10].max() >= 250
    assert affine(pixels, down=3 / 21)[0, 13, 15].max() >= 250
    assert affine(pixels, scale=2.0)[0, 10, 20].max() >= 250
    assert np.array_equal(affine(pixels), pixels)
