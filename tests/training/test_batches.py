"""Batches: the same pictures in the same order, wherever the pixels lie and however many learn."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linnaeus.data.pixels import ArrayRows  # noqa: E402
from linnaeus.training import resident  # noqa: E402
from linnaeus.training.augmentation.plan import AugmentPlan  # noqa: E402
from linnaeus.training.augmentation.views import Views  # noqa: E402
from linnaeus.training.batches import Batches  # noqa: E402
from linnaeus.training.epoch_order import EpochOrder  # noqa: E402
from linnaeus.training.team import ALONE, Team  # noqa: E402


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (23, 8, 12, 3)).astype(np.uint8)


def batches(pixels, held=None, team=ALONE):
    labels = np.arange(len(pixels)) % 3
    views = Views(AugmentPlan(mirror=True, shift=0.2, zoom=0.2), seed=3)
    order = EpochOrder(3, labels)
    return Batches(
        ArrayRows(pixels), labels, views, order, size=4, device="cpu", team=team, held=held
    )


def test_pictures_that_are_held_give_the_batches_of_those_that_are_read(pixels, monkeypatch):
    monkeypatch.setattr(resident, "CHUNK_BYTES", 5 * 8 * 12 * 3)  # so that there are five chunks
    held = resident.loaded(ArrayRows(pixels), "cpu")
    assert np.array_equal(held.numpy(), pixels)
    read, kept = batches(pixels), batches(np.zeros_like(pixels), held)
    for step in (0, 1, 4, 5, 12):
        assert all(map(torch.equal, read.at(step), kept.at(step)))


def test_the_shares_of_a_team_are_the_batch(pixels):
    whole = batches(pixels)
    parts = [batches(pixels, team=Team(rank, 2)) for rank in range(2)]
    for step in (0, 3, 7):
        views, labels = whole.at(step)
        shares = [part.at(step) for part in parts]
        assert torch.equal(torch.cat([share[0] for share in shares]), views)
        assert torch.equal(torch.cat([share[1] for share in shares]), labels)
        assert torch.equal(parts[1].whole(step)[0], views)


def test_an_epoch_shows_no_picture_twice(pixels):
    drawn = batches(pixels)
    assert drawn.epoch_steps == 5
    numbered = np.zeros_like(pixels) + np.arange(len(pixels), dtype=np.uint8)[:, None, None, None]
    seen = [batches(numbered).at(step)[0][:, 0, 0, 0] for step in range(5)]
    assert len(set(torch.cat(seen).tolist())) == 20
