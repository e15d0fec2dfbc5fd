"""Views as a whole: functions of seed, epoch and picture, and without a wish the picture."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.training.augmentation.plan import PRESETS, AugmentPlan  # noqa: E402
from linnaeus.training.augmentation.views import Views  # noqa: E402

STILL = {"mirror": False, "shift": 0}
ALONE = [
    {"mirror": True},
    {"flip": True},
    {"shift": 0.2},
    {"zoom": 0.3},
    {"rotate_deg": 25},
    {"shear_deg": 15},
    {"brightness": 0.4},
    {"contrast": 0.4},
    {"saturation": 0.4},
    {"hue": 0.2},
    {"blur": 0.02},
    {"noise": 0.1},
    {"cutout": 0.3},
    {"randaugment": (2, 9)},
    {"trivialaugment": True},
    {"augmix": 3},
]
EACH = pytest.mark.parametrize("fields", ALONE, ids=lambda fields: next(iter(fields)))


def views(pixels, rows, fields, *, epoch=0, seed=0):
    chosen = np.asarray(rows, np.int64)
    made = Views(AugmentPlan(**(STILL | fields)), seed)
    return made(torch.from_numpy(pixels[chosen]), epoch, chosen).numpy()


@EACH
def test_a_view_is_a_function_of_seed_epoch_and_picture_whatever_the_batch(photo_pixels, fields):
    together = views(photo_pixels, range(12), fields)
    assert together.dtype == np.uint8
    assert together.shape == photo_pixels.shape
    for part in ([7], [3, 9, 1], range(11, -1, -1)):
        assert np.array_equal(views(photo_pixels, part, fields), together[list(part)])
    for other in ({"epoch": 1}, {"seed": 1}):
        assert not np.array_equal(views(photo_pixels, range(12), fields, **other), together)


@EACH
def test_views_are_the_same_bits_on_any_number_of_threads(photo_pixels, fields):
    before, seen = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            seen.append(views(photo_pixels, range(12), fields))
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*seen)


@EACH
def test_views_differ_from_their_pictures_and_among_themselves(photo_pixels, fields):
    same = np.broadcast_to(photo_pixels[:1], photo_pixels.shape)
    seen = views(same, range(12), fields)
    assert len({view.tobytes() for view in seen}) >= 2
    assert (seen != same).any()


def test_nothing_asked_for_gives_the_very_pictures(photo_pixels):
    nothing = AugmentPlan.model_validate("none")
    made = Views(nothing, 0)
    indices = np.arange(12)
    labels = torch.arange(12)
    pixels, targets = made.batch(torch.from_numpy(photo_pixels), labels, 12, 3, 4, indices)
    assert np.array_equal(pixels.numpy(), photo_pixels)
    assert torch.equal(targets, labels)


@pytest.mark.parametrize("fields", [{"randaugment": (1, 0)}, {"augmix": 0}, {"hue": 1e-9}])
def test_a_strength_of_next_to_nothing_changes_next_to_nothing(photo_pixels, fields):
    """But RandAugment's autocontrast and equalise, which have no strength, and are left out."""
    seen = views(photo_pixels, range(12), fields)
    apart = np.abs(seen.astype(int) - photo_pixels).max((1, 2, 3))
    assert (apart <= 1).mean() >= 0.6


def test_plain_pictures_stay_plain_however_augmix_weighs_its_chains():
    """None of its operations changes a dark plain picture, so neither must their mix."""
    pixels = np.full((300, 8, 8, 3), 64, np.uint8)
    assert np.array_equal(views(pixels, range(300), {"augmix": 3}), pixels)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in ("none", "auto")])
def test_presets_make_views_of_pictures_of_any_shape(preset):
    plan = AugmentPlan.model_validate(preset)
    for shape in ((3, 1, 1, 3), (2, 5, 9, 3), (3, 40, 8, 3)):
        pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
        rows = np.arange(shape[0])
        seen, _ = Views(plan, 0).batch(pixels, torch.from_numpy(rows), 4, 0, 0, rows)
        assert seen.shape == pixels.shape
        assert seen.dtype == torch.uint8


def test_large_batches_are_worked_on_in_parts_to_the_same_bits():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 256, 256, 3), np.uint8)
    fields = {"rotate_deg": 20, "noise": 0.1}
    whole = views(pixels, range(20), fields)
    assert np.array_equal(whole[13:15], views(pixels, [13, 14], fields))
