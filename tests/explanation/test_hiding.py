"""Methods that only ask for answers find what a made-up classifier goes by."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from linnaeus.errors import UsageError
from linnaeus.explanation.faithfulness import Mapped, deletion_and_insertion
from linnaeus.explanation.hiding import (
    cover_for,
    occlusion,
    smallest_region,
    superpixel_permutation,
)
from linnaeus.explanation.segments import segments_of
from linnaeus.explanation.surrogates import kernel_shap, lime

PICTURE = np.random.default_rng(0).integers(0, 200, (32, 32, 3), dtype=np.uint8)
PICTURE[4:8, 20:24] = 255
BLACK = np.zeros_like(PICTURE)


def looks_at_the_patch(pictures: np.ndarray) -> np.ndarray:
    """The share of class 1 is how bright the patch is."""
    share = pictures[:, 4:8, 20:24].mean((1, 2, 3)) / 255
    return np.stack([1 - share, share], axis=1).astype(np.float32)


def at_the_patch(importance: np.ndarray) -> bool:
    return bool(importance[4:8, 20:24].max() == importance.max() > importance[:, :16].max())


def test_occlusion_agrees_with_captum():
    captum = pytest.importorskip("captum.attr")
    torch = pytest.importorskip("torch")

    def forward(pixels):
        return torch.from_numpy(looks_at_the_patch(pixels.numpy().astype(np.uint8)))

    theirs = captum.Occlusion(forward).attribute(
        torch.from_numpy(PICTURE[None]).float(),
        sliding_window_shapes=(8, 8, 3),
        strides=(4, 4, 3),
        target=1,
    )
    ours = occlusion(looks_at_the_patch, PICTURE, 1, BLACK, window_px=(8, 8), stride_px=(4, 4))
    assert np.abs(ours - theirs[0, :, :, 0].numpy()).max() < 1e-5
    assert at_the_patch(ours)


def test_every_place_is_hidden_by_some_window():
    def counts(pictures: np.ndarray) -> np.ndarray:
        whole = (pictures == 255).all(axis=3).sum((1, 2))
        return np.stack([whole, whole], axis=1).astype(np.float32)

    white = np.full((13, 17, 3), 255, np.uint8)
    found = occlusion(counts, white, 0, np.zeros_like(white), window_px=(5, 5), stride_px=(3, 3))
    assert found == pytest.approx(np.full((13, 17), 25.0))


@pytest.mark.parametrize("parts", ["grid", "superpixels"])
def test_segments_are_numbered_without_gaps_and_hang_on_places(parts):
    if parts == "superpixels":
        pytest.importorskip("skimage")
    segments = segments_of(PICTURE, 16, parts)
    assert segments.shape == PICTURE.shape[:2]
    assert np.array_equal(np.unique(segments), np.arange(segments.max() + 1))


@pytest.mark.parametrize("method", [superpixel_permutation, lime, kernel_shap])
def test_what_counts_is_found_among_parts(method):
    segments = segments_of(PICTURE, 16, "grid")
    found = method(looks_at_the_patch, PICTURE, 1, BLACK, segments)
    assert at_the_patch(found)
    assert np.array_equal(found, method(looks_at_the_patch, PICTURE, 1, BLACK, segments))


def test_kernel_shap_gives_the_shapley_values():
    segments = segments_of(PICTURE, 6, "grid")
    count = int(segments.max()) + 1

    def strange(pictures: np.ndarray) -> np.ndarray:
        halves = pictures.reshape(len(pictures), 2, 16, 2, 16, 3).mean((2, 4, 5)) / 255
        mixed = halves[:, 0, 0] * halves[:, 1, 1] + np.sqrt(halves[:, 0, 1])
        return np.stack([mixed, -mixed], axis=1).astype(np.float32)

    def value(shown: tuple[int, ...]) -> float:
        hidden = ~np.isin(segments, shown)
        return float(strange(np.where(hidden[..., None], BLACK, PICTURE)[None])[0, 0])

    expected = np.zeros(count)
    for one in range(count):
        others = [part for part in range(count) if part != one]
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1)
            for shown in itertools.combinations(others, size):
                gain = value((*shown, one)) - value(shown)
                expected[one] += weight / math.factorial(count) * gain
    found = kernel_shap(strange, PICTURE, 0, BLACK, segments)
    assert np.abs(found - expected[segments]).max() < 1e-5


def test_of_many_parts_they_still_add_up():
    segments = segments_of(PICTURE, 64, "grid")
    found = kernel_shap(looks_at_the_patch, PICTURE, 1, BLACK, segments, samples=400)
    whole, nothing = looks_at_the_patch(np.stack([PICTURE, BLACK]))[:, 1]
    each = [found[segments == part][0] for part in range(int(segments.max()) + 1)]
    assert sum(each) == pytest.approx(whole - nothing, abs=1e-5)


def test_the_smallest_region_is_the_part_that_counts():
    order = np.zeros((32, 32), np.float32)
    order[4:8, 20:24] = np.arange(16, 0, -1).reshape(4, 4)
    hidden, named = smallest_region(looks_at_the_patch, PICTURE, BLACK, order)
    assert named == 0
    assert 8 <= hidden.sum() <= 9  # half of the sixteen places are no longer bright
    assert hidden[4:6, 20:24].all()


def test_an_answer_that_stays_has_no_smallest_region():
    def stubborn(pictures: np.ndarray) -> np.ndarray:
        return np.tile(np.array([[0.1, 0.9]], np.float32), (len(pictures), 1))

    assert smallest_region(stubborn, PICTURE, BLACK, np.zeros((32, 32), np.float32)) is None


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_areas_under_deletion_and_insertion_of_several_maps_at_once(steps):
    asked = []

    def answer(pictures):
        shown = np.stack(list(pictures))
        asked.append(len(shown))
        return looks_at_the_patch(shown)

    right = np.zeros((32, 32), np.float32)
    right[4:8, 20:24] = 1
    maps = np.stack([right, -right, right])
    dark = PICTURE.copy()
    dark[4:8, 20:24] = 51
    mapped = [Mapped(PICTURE, 1, BLACK, maps), Mapped(dark, 1, BLACK, maps[:2])]
    found = deletion_and_insertion(answer, mapped, steps=steps)
    assert asked == [2 + 3 * 2 * (steps - 1) + 2 + 2 * 2 * (steps - 1)]
    # The patch, 16 of 1,024 places, goes in the first step, or in the last.
    sooner, later = 0.5 / steps, 1 - 0.5 / steps
    for bright, of_one in zip((1.0, 0.2), found, strict=True):
        for sign, curves in zip((1, -1, 1), of_one, strict=False):
            less, more = (sooner, later) if sign > 0 else (later, sooner)
            assert curves == pytest.approx((bright * less, bright * more))
    assert [len(of_one) for of_one in found] == [3, 2]


def test_covers():
    assert (cover_for(PICTURE, "black") == 0).all()
    assert (cover_for(PICTURE, "grey") == 128).all()
    assert np.abs(cover_for(PICTURE, "mean")[0, 0] - PICTURE.mean((0, 1))).max() < 1
    assert cover_for(PICTURE, "blur").std() < PICTURE.std() / 2
    with pytest.raises(UsageError, match="no cover called"):
        cover_for(PICTURE, "paint")


def test_a_map_that_points_nowhere_is_not_to_be_believed():
    from types import SimpleNamespace

    from linnaeus.explanation.faithfulness import random_map
    from linnaeus.explanation.trust import margins_by_chance, trust_in

    noise = np.random.default_rng(1).integers(0, 200, (6, 32, 32, 3), dtype=np.uint8)
    noise[:, 4:8, 20:24] = 255
    targets = np.ones(6, np.int64)
    asked = SimpleNamespace(
        answer=lambda pictures: looks_at_the_patch(np.stack(list(pictures))),
        cover_of=lambda picture: cover_for(picture, "black"),
        explain=lambda pixels, of, method: np.stack([right] * len(pixels)),
    )
    right = np.zeros((32, 32), np.float32)
    right[4:8, 20:24] = 1
    for count in (1, 6):
        some, of = noise[:count], targets[:count]
        chance = margins_by_chance(asked, some, of)
        assert chance.size >= 24
        good = trust_in(asked, "occlusion", some, of, np.stack([right] * count), by_chance=chance)
        assert good.faults == ()
        blind = np.stack([random_map((32, 32), 5, place) for place in range(count)])
        bad = trust_in(asked, "occlusion", some, of, blind, by_chance=chance)
        assert any("no more than hiding any part" in fault for fault in bad.faults)
