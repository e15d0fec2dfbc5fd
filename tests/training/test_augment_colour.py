"""Colours, tones, blur and noise on photographs, held to torchvision and SciPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
vision = pytest.importorskip("torchvision.transforms.v2.functional")
ndimage = pytest.importorskip("scipy.ndimage")

from linnaeus.training.augmentation import tones  # noqa: E402
from linnaeus.training.augmentation.blur import blurred  # noqa: E402
from linnaeus.training.augmentation.colour import Tint, tinted  # noqa: E402
from linnaeus.training.augmentation.cutout import HIDDEN, hidden  # noqa: E402
from linnaeus.training.augmentation.noise import noisy  # noqa: E402
from linnaeus.training.augmentation.planes import levels_of, pixels_of, planes_of  # noqa: E402


@pytest.fixture(scope="module")
def planes(photo_pixels):
    return planes_of(torch.from_numpy(photo_pixels)).float()


@pytest.fixture(scope="module")
def levels(photo_pixels):
    """The same as (n, 3, h, w) uint8, as torchvision takes them."""
    return planes_of(torch.from_numpy(photo_pixels))


def farthest(ours, theirs):
    return int((levels_of(ours).int() - theirs.int()).abs().max())


def tint(count, *, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0):
    return Tint(*(np.full(count, x, np.float32) for x in (brightness, contrast, saturation, hue)))


@pytest.mark.parametrize("factor", [0.3, 0.8, 1.0, 1.4])
@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_colours_are_torchvision_s(planes, levels, name, factor):
    theirs = getattr(vision, f"adjust_{name}")(levels, factor)
    ours = tinted(planes, tint(len(planes), **{name: factor}))
    assert farthest(ours, theirs) <= 2  # it cuts fractions off, of the grey too; we round


def test_a_turn_of_hue_keeps_grey_and_carries_red_to_green_to_blue():
    colours = torch.tensor([[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]])
    planes = colours.T.reshape(1, 3, 1, 4).float()
    turned = tinted(planes, tint(1, hue=1 / 3))
    np.testing.assert_allclose(turned[0, :, 0].T, colours[[1, 2, 0, 3]], atol=1e-3)


def test_a_turn_of_hue_is_seen_by_colour_science(planes):
    """The hue angle about grey, of pixels that are not grey, grows by the turn; chroma stays."""
    turned = tinted(planes, tint(len(planes), hue=0.1))
    axes = torch.tensor([[2, -1, -1], [0, 3**0.5, -(3**0.5)]]) / 6**0.5
    before, after = (torch.einsum("ac,nchw->anhw", axes, p) for p in (planes, turned))
    chroma, chroma_after = before.norm(dim=0), after.norm(dim=0)
    coloured = chroma > 20
    angle = torch.atan2(after[1], after[0]) - torch.atan2(before[1], before[0])
    np.testing.assert_allclose((angle / (2 * np.pi) % 1)[coloured], 0.1, atol=1e-4)
    np.testing.assert_allclose(chroma_after, chroma, atol=1e-2)


def test_factors_of_one_give_the_very_pixels(planes, photo_pixels):
    same = tinted(planes, tint(len(planes)))
    assert np.array_equal(pixels_of(same).numpy(), photo_pixels)


@pytest.mark.parametrize("bits", [1, 4, 7, 8])
def test_posterised_is_torchvision_s(levels, bits):
    ours = tones.posterised(levels, np.full(len(levels), bits))
    assert farthest(ours, vision.posterize(levels, bits)) == 0


@pytest.mark.parametrize("threshold", [0, 100, 100.5, 255])
def test_solarised_is_torchvision_s(levels, threshold):
    ours = tones.solarised(levels, np.full(len(levels), threshold, np.float32))
    assert farthest(ours, vision.solarize(levels, threshold)) == 0


def test_a_threshold_above_white_solarises_nothing(levels):
    assert torch.equal(tones.solarised(levels, np.full(len(levels), 255.5, np.float32)), levels)


def test_stretched_and_equalised_are_torchvision_s(levels):
    assert farthest(tones.stretched(levels), vision.autocontrast(levels)) <= 1
    assert farthest(tones.equalised(levels), vision.equalize(levels)) == 0
    flat = torch.full((1, 3, 4, 4), 77, dtype=torch.uint8)
    assert torch.equal(tones.stretched(flat), flat)
    assert torch.equal(tones.equalised(flat), flat)


@pytest.mark.parametrize("factor", [0.1, 1.0, 1.9])
def test_sharpened_is_torchvision_s(levels, factor):
    ours = tones.sharpened(levels, np.full(len(levels), factor, np.float32))
    assert farthest(ours, vision.adjust_sharpness(levels, factor)) <= 1


def test_blurred_is_scipy_s(planes):
    deviations = np.linspace(0, 2.5, len(planes), dtype=np.float32)
    ours = blurred(planes, deviations, 2.5).numpy()
    assert np.array_equal(ours[0], planes[0].numpy())
    for mine, picture, deviation in zip(ours, planes.numpy(), deviations, strict=True):
        theirs = ndimage.gaussian_filter(
            picture, (0, deviation, deviation), mode="mirror", truncate=8
        )
        assert np.abs(mine - theirs).max() < 1


def test_noise_has_the_deviation_that_was_asked_for():
    grey = torch.full((50, 3, 32, 32), 128.0)
    deviation = np.linspace(0, 40, 50, dtype=np.float32)
    window = np.random.default_rng(0).random(50, np.float32)
    noise = noisy(grey, deviation, window, 3).numpy() - 128
    np.testing.assert_allclose(noise.std((1, 2, 3)), deviation, rtol=0.06)
    assert np.abs(noise.mean((1, 2, 3))).max() < 4 * 40 / np.sqrt(3 * 32 * 32)
    assert abs(np.corrcoef(noise[-1].ravel(), noise[-2].ravel())[0, 1]) < 0.1


def test_cutout_hides_one_box(photo_pixels):
    centre = np.array([[0.5, 0.5], [0.0, 1.0]], np.float32)
    seen = hidden(torch.from_numpy(photo_pixels[:2]), centre, 0.25).numpy()
    expected = photo_pixels[:2].copy()
    expected[0, 72:120, 54:90] = HIDDEN
    expected[1, :24, 126:] = HIDDEN
    assert np.array_equal(seen, expected)
