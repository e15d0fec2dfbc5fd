"""Views moved, zoomed, turned and mirrored, held to what torchvision makes of the same."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from linnaeus.training.augmentation.geometric import sampled  # noqa: E402
from linnaeus.training.augmentation.placement import Placement  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.augmentation.planes import pixels_of, planes_of  # noqa: E402
from linnaeus.training.augmentation.sliding import (  # noqa: E402
    sheared_across,
    sheared_down,
    shifted,
)
from linnaeus.training.augmentation.views import Views  # noqa: E402


def gradient(count: int, height: int, width: int) -> np.ndarray:
    """Pictures whose pixel values tell picture, row and column."""
    n, y, x = np.mgrid[:count, :height, :width]
    return np.stack([n, y, x], -1).astype(np.uint8)


def views(pixels, indices, *, epoch=0, seed=0, mirror=False, shift=0.0, **fields):
    plan = AugmentPlan(mirror=mirror, shift=shift, **fields)
    chosen = np.asarray(indices, np.int64)
    return Views(plan, seed)(torch.from_numpy(pixels[chosen]), epoch, chosen).numpy()


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


def test_flipped_views_are_upside_down():
    pixels = gradient(200, 6, 4)
    seen = views(pixels, range(200), flip=True)
    same = (seen == pixels).all((1, 2, 3))
    flipped = (seen == pixels[:, ::-1]).all((1, 2, 3))
    assert (same ^ flipped).all()
    assert 60 < flipped.sum() < 140


def placement(count, *, scale=1.0, shift=0.0, mirrored=False, flipped=False, turn=0.0, slant=0.0):
    """A placement that is the same for `count` views."""
    pairs = [np.broadcast_to(np.float32(pair), (count, 2)) for pair in (scale, shift)]
    sides = [np.full(count, side) for side in (mirrored, flipped)]
    angles = [np.full(count, angle, np.float32) for angle in (turn, slant)]
    return Placement(*pairs, *sides, *angles)


def placed(pixels, **given):
    """Pixels where a placement has them, by the sampling that also turns and slants."""
    matrices = placement(len(pixels), **given).matrices(*pixels.shape[1:3])
    return pixels_of(sampled(planes_of(torch.from_numpy(pixels)).float(), matrices)).numpy()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, lambda p: p),
        ({"mirrored": True}, lambda p: p[:, :, ::-1]),
        ({"flipped": True}, lambda p: p[:, ::-1]),
        ({"turn": np.pi}, lambda p: p[:, ::-1, ::-1]),
        ({"turn": np.pi / 2, "mirrored": True}, lambda p: np.swapaxes(p, 1, 2)[:, ::-1, ::-1]),
        (
            {"shift": (0, 2 / 24)},
            lambda p: np.pad(p, [(0, 0)] * 2 + [(0, 2), (0, 0)], "reflect")[:, :, 2:],
        ),
    ],
)
def test_the_sampling_gives_the_very_pixels_where_it_meets_them(given, expected):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), np.uint8)
    np.testing.assert_array_equal(placed(pixels, **given), expected(pixels))


@pytest.mark.parametrize(
    ("turn_deg", "zoom", "shear_deg", "shift_px"),
    [(20, 1, 0, (0, 0)), (0, 1.25, 0, (3, -4)), (0, 1, 12, (0, 0)), (-33, 0.8, 0, (5, 2))],
)
def test_photographs_are_placed_as_torchvision_places_them(
    photo_pixels, turn_deg, zoom, shear_deg, shift_px
):
    """torchvision moves the picture, we move the view: the inverse, away from the edges."""
    vision = pytest.importorskip("torchvision.transforms.v2.functional")
    _, height, width, _ = photo_pixels.shape
    ours = placed(
        photo_pixels,
        turn=np.deg2rad(turn_deg),
        slant=np.tan(np.deg2rad(shear_deg)),
        scale=(1 / zoom, 1 / zoom),
        shift=(shift_px[0] / height, shift_px[1] / width),
    )
    angle = np.deg2rad(turn_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    down, across = shift_px
    moved = -zoom * rotation.T @ (across, down)
    theirs = vision.affine(
        planes_of(torch.from_numpy(photo_pixels)).float(),
        -turn_deg,
        moved.tolist(),
        zoom,
        [shear_deg, 0],
        interpolation=vision.InterpolationMode.BILINEAR,
    )
    there = vision.affine(
        torch.ones(len(photo_pixels), 1, height, width),
        -turn_deg,
        moved.tolist(),
        zoom,
        [shear_deg, 0],
    )
    inside = torch.nn.functional.avg_pool2d(there, 5, stride=1, padding=2, ceil_mode=False) > 0.999
    inside = inside.permute(0, 2, 3, 1).numpy()[..., 0]
    assert inside.mean() > 0.3
    apart = np.abs(ours.astype(int) - pixels_of(theirs).numpy())[inside]
    assert apart.max() <= 1


def test_a_picture_is_mirrored_in_every_other_pass():
    pixels = gradient(40, 4, 6)
    passes = [views(pixels, range(40), epoch=epoch, mirror=True) for epoch in range(4)]
    mirrored = [(seen == pixels[:, :, ::-1]).all((1, 2, 3)) for seen in passes]
    assert (mirrored[0] ^ mirrored[1]).all()
    assert (mirrored[0] == mirrored[2]).all()
    assert (mirrored[1] == mirrored[3]).all()


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    amounts=st.tuples(*[st.floats(-1, 1, width=32)] * 2),
    channels=st.integers(1, 4),
)
def test_rows_and_columns_slide_as_the_general_sampling_has_it(height, width, amounts, channels):
    """Against grid_sample, on pictures of any shape, however often they are reflected."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, channels, height, width), np.uint8)
    planes, pair = torch.from_numpy(pixels), np.float32(amounts)
    down, across = np.rint(pair * height), np.rint(pair * width)
    still = np.zeros_like(pair)
    upright = np.ones_like(pair)
    for ours, rows in (
        (shifted(planes, down, across), [(upright, still, across), (still, upright, down)]),
        (sheared_across(planes, pair), [(upright, pair, still), (still, upright, still)]),
        (sheared_down(planes, pair), [(upright, still, still), (pair, upright, still)]),
    ):
        theirs = sampled(planes.float(), np.moveaxis(np.array(rows, np.float32), -1, 0))
        assert ours.dtype == torch.uint8
        assert (ours - theirs).abs().max() <= 0.52  # half of a level is rounding
