"""MixUp and CutMix: labels say what of each picture is in a view."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
stats = pytest.importorskip("scipy.stats")

from linnaeus.training.augmentation.mixing import beta, partners  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.augmentation.views import Views  # noqa: E402

COUNT = 40


def flat_batch(**fields):
    """Views and targets of 40 pictures, each of one shade and one class of its own."""
    shades = np.arange(COUNT, dtype=np.uint8) * 6
    pixels = np.broadcast_to(shades[:, None, None, None], (COUNT, 32, 32, 3)).copy()
    views = Views(AugmentPlan(mirror=False, shift=0, **fields), 5)
    seen, targets = views.batch(
        torch.from_numpy(pixels), torch.arange(COUNT), COUNT, 2, 7, np.arange(COUNT)
    )
    return seen.numpy(), targets.numpy(), shades


@pytest.mark.parametrize("fields", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}])
def test_targets_are_shares_of_two_classes_that_sum_to_one(fields):
    _, targets, _ = flat_batch(**fields)
    assert targets.dtype == np.float32
    assert targets.min() >= 0
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-6)
    assert ((targets > 0).sum(1) <= 2).all()
    assert ((targets > 0).sum(1) == 2).mean() > 0.5


def test_a_blended_view_has_the_shade_that_its_shares_say():
    seen, targets, shades = flat_batch(mixup=1.0)
    assert np.ptp(seen.reshape(COUNT, -1), axis=1).max() == 0
    np.testing.assert_allclose(seen[:, 0, 0, 0], targets @ shades, atol=0.51)


def test_a_cut_view_holds_of_each_picture_as_many_pixels_as_its_shares_say():
    seen, targets, shades = flat_batch(cutmix=1.0)
    for view, shares in zip(seen[..., 0], targets, strict=True):
        found = [(view == shade).mean() for shade in shades]
        np.testing.assert_allclose(found, shares, atol=1e-6)


def test_pictures_with_several_labels_keep_a_share_of_each():
    labels = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    pixels = torch.zeros((2, 8, 8, 3), dtype=torch.uint8)
    views = Views(AugmentPlan(mirror=False, shift=0, mixup=1.0), 0)
    _, targets = views.batch(pixels, labels, 3, 0, 0, np.arange(2))
    assert (targets[:, 0] == targets[:, 1]).all()
    np.testing.assert_allclose(targets[:, 0] + targets[:, 2], 1, atol=1e-6)


def test_everybody_is_mixed_with_somebody_else_and_once():
    for step in range(20):
        chosen = partners(13, 0, step)
        assert sorted(chosen) == list(range(13))
        assert (chosen != np.arange(13)).all()
    assert any((partners(13, 0, 1) != partners(13, 0, step)).any() for step in range(2, 5))
    assert partners(1, 0, 0) == 0


@pytest.mark.parametrize("alpha", [0.1, 0.2, 1.0, 3.5])
def test_shares_follow_the_beta_distribution(alpha):
    chance = np.linspace(0, 1, 2001, endpoint=False, dtype=np.float32)
    expected = stats.beta(alpha, alpha).ppf(chance)
    np.testing.assert_allclose(beta(chance, alpha), expected, atol=1e-4)
