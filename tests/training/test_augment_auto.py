"""What "auto" chooses: from pictures that show what they allow."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from linnaeus.data.pixels import ArrayRows
from linnaeus.training.augmentation.in_words import in_words
from linnaeus.training.augmentation.plan import AugmentPlan
from linnaeus.training.augmentation.settled import passes_in, settled

COUNT, SIDE = 400, 16


def pictures(draw):
    """400 noisy pictures of two classes, alternating in pairs; `draw` puts what is in each."""
    random = np.random.default_rng(0)
    pixels = random.integers(90, 150, (COUNT, SIDE, SIDE, 3), np.uint8)
    labels = np.arange(COUNT) // 2 % 2
    for picture, label in zip(pixels, labels, strict=True):
        draw(picture, label, random.integers(2, SIDE - 6))
    return ArrayRows(pixels), labels


def left_or_right(picture, label, place):
    picture[place : place + 4, 2 + 8 * label : 6 + 8 * label] = 255


def up_or_down(picture, label, place):
    picture[2 + 8 * label : 6 + 8 * label, place : place + 4] = 255


def small_or_large(picture, label, place):
    picture[place : place + 2 + 3 * label, place : place + 2 + 3 * label] = 255


def red_or_blue(picture, label, place):
    picture[place : place + 4, place : place + 4] = (220, 0, 30) if label else (0, 60, 250)


def chosen(draw, *, passes=20.0, classes=("a thing", "another thing"), grey=False):
    pixels, labels = pictures(draw)
    return settled(
        AugmentPlan(auto=True), pixels, labels, classes=classes, grey=grey, passes=passes, seed=0
    )


def test_pictures_whose_sides_tell_the_class_are_not_mirrored():
    plan, why = chosen(left_or_right)
    assert plan.mirror is False
    assert plan.flip is False
    assert "Pictures are not mirrored (a trial classifier named" in why


def test_pictures_with_an_up_are_mirrored_and_kept_upright():
    plan, why = chosen(up_or_down)
    assert plan.mirror is True
    assert plan.flip is False
    assert plan.rotate_deg <= 15
    assert "kept upright" in why


def test_pictures_without_an_up_are_turned_and_flipped():
    plan, _ = chosen(small_or_large)
    assert plan.mirror is True
    assert plan.flip is True
    assert plan.rotate_deg == 180


def test_colours_that_tell_the_class_are_hardly_changed():
    plan, why = chosen(red_or_blue)
    assert plan.hue == 0
    assert plan.saturation == 0.1
    assert "Colours are hardly changed" in why
    plan, _ = chosen(small_or_large)
    assert plan.hue > 0
    plan, why = chosen(small_or_large, grey=True)
    assert plan.hue == plan.saturation == 0
    assert "no colours" in why


def test_names_come_first():
    plan, why = chosen(small_or_large, classes=("0", "1"))
    assert plan.mirror is False
    assert plan.flip is False
    assert "digits or letters" in why


def test_few_passes_get_light_views_and_many_strong_ones():
    few, some, many = (chosen(up_or_down, passes=passes)[0] for passes in (3, 15, 60))
    assert few == AugmentPlan(mirror=True)
    assert some.augmix > 0
    assert 0 < some.noise <= 0.1
    assert some.blur > 0
    assert some.cutout == 0
    assert many.zoom > some.zoom
    assert many.cutout > 0
    assert passes_in(120, 45_000, 32, 32) == pytest.approx(3.9, abs=0.1)


def test_too_few_pictures_cannot_tell_and_that_is_said():
    pixels, labels = pictures(small_or_large)
    few = ArrayRows(pixels.pixels[:40])
    plan, why = settled(
        AugmentPlan(auto=True),
        few,
        labels[:40],
        classes=("x y", "z w"),
        grey=False,
        passes=20,
        seed=0,
    )
    assert plan.mirror is True
    assert plan.flip is False
    assert plan.hue == 0
    assert "could not tell" in why


def test_nothing_is_left_open_and_the_choice_can_be_used_again():
    plan, _ = chosen(up_or_down)
    assert not plan.auto
    again = settled(plan, *pictures(up_or_down), classes=("a", "b"), grey=False, passes=1, seed=3)
    assert again == (plan, "")


def test_every_field_is_told_in_words():
    base = AugmentPlan(mirror=False, shift=0)
    assert in_words(base) == ""
    some = {"randaugment": (2, 9), "trivialaugment": True, "mirror": True, "flip": True}
    for name in AugmentPlan.model_fields:
        if name != "auto":
            said = in_words(base.model_copy(update={name: some.get(name, 0.1)}), "For this reason.")
            assert said.startswith("For this reason. Views are ")
            assert said.endswith(".")
