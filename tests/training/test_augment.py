"""Views of pictures: what may be mirrored, and what a view is made of."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from linnaeus.training.augment import Augmentation, mirror_allowed  # noqa: E402


@pytest.mark.parametrize(
    "classes",
    [
        [str(n) for n in range(10)],
        ["A", "B", "C"],
        ["zero", "one", "two"],
        ["digit_0", "digit_1"],
        ["left", "right"],
        ["turn left", "turn right", "stop"],
        ["hand-left", "hand-right"],
    ],
)
def test_digits_letters_and_sides_are_not_mirrored(classes):
    allowed, why = mirror_allowed(classes, grey=False)
    assert not allowed
    assert "not mirrored" in why


@pytest.mark.parametrize(
    "classes",
    [
        ["airplane", "automobile", "bird", "cat"],
        ["glass", "paper", "metal"],
        ["T-Shirt", "Longsleeve", "Hat", "leftover"],
        ["mousebite", "open", "ok"],
    ],
)
def test_things_are_mirrored(classes):
    assert mirror_allowed(classes, grey=False)[0]


def gradient(count: int, height: int, width: int) -> np.ndarray:
    """Pictures whose pixel values tell picture, row and column."""
    n, y, x = np.mgrid[:count, :height, :width]
    return np.stack([n, y, x], -1).astype(np.uint8)


def views(pixels, indices, *, epoch=0, seed=0, mirror=False, shift=0.0, zoom=0.0):
    augmentation = Augmentation(seed, mirror, shift, zoom)
    chosen = np.asarray(indices, np.int64)
    return augmentation(torch.from_numpy(pixels[chosen]), epoch, chosen).numpy()


def test_without_changes_a_view_is_the_picture():
    pixels = gradient(5, 6, 7)
    np.testing.assert_array_equal(views(pixels, [3, 0, 3]), pixels[[3, 0, 3]])


def test_half_of_the_views_are_mirrored_and_nothing_else_happens():
    pixels = gradient(200, 4, 6)
    seen = views(pixels, range(200), mirror=True)
    same = (seen == pixels).all((1, 2, 3))
    mirrored = (seen == pixels[:, :, ::-1]).all((1, 2, 3))
    assert (same ^ mirrored).all()
    assert 60 < mirrored.sum() < 140


def test_a_shifted_view_is_a_crop_of_the_reflected_picture():
    pixels = gradient(60, 8, 8)
    seen = views(pixels, range(60), shift=0.25)
    offsets = set()
    for picture, view in zip(pixels, seen, strict=True):
        padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        crops = {(dy, dx): padded[dy : dy + 8, dx : dx + 8] for dy in range(5) for dx in range(5)}
        found = [place for place, crop in crops.items() if np.array_equal(crop, view)]
        assert found
        offsets.add(found[0])
    assert len(offsets) > 10


def test_zoomed_views_show_more_or_less_of_the_picture():
    pixels = gradient(100, 32, 32)
    spans = np.ptp(views(pixels, range(100), zoom=0.5)[:, :, 0, 1].astype(int), axis=1)
    assert spans.min() < 25
    assert spans.max() == 31


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    shift=st.floats(0, 0.9),
    zoom=st.floats(0, 0.9),
    seed=st.integers(0, 2**31),
    epoch=st.integers(0, 1000),
)
def test_a_view_holds_only_pixels_of_its_own_picture_whatever_the_batch(
    height, width, shift, zoom, seed, epoch
):
    pixels = gradient(4, height, width)
    asked = {"epoch": epoch, "seed": seed, "mirror": True, "shift": shift, "zoom": zoom}
    together = views(pixels, [2, 0, 3], **asked)
    alone = views(pixels, [0], **asked)
    np.testing.assert_array_equal(together[1], alone[0])
    np.testing.assert_array_equal(
        together[..., 0], np.array([2, 0, 3])[:, None, None] + 0 * together[..., 0]
    )
