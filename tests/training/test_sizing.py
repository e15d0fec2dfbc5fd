"""The size pictures are brought to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnaeus import Recipe, load_dataset
from linnaeus.errors import DataError
from linnaeus.models.weights import Backbone
from linnaeus.training.sizing import choose_preprocessing, sampled_sizes

BACKBONE = Backbone("net", Path("net"), "net", side_px=224, licence="")
sides = st.integers(1, 6000)
sizes = st.lists(st.tuples(sides, sides), min_size=1, max_size=20)


@given(sizes, st.sampled_from([None, BACKBONE]))
def test_whatever_the_pictures_the_size_can_stand_in_a_recipe(
    sizes: list[tuple[int, int]], backbone: Backbone | None
) -> None:
    chosen = choose_preprocessing(sizes, Recipe(), backbone)
    size = (chosen.height_px, chosen.width_px)
    assert Recipe(image_size_px=size).image_size_px == size
    assert choose_preprocessing(sizes, Recipe(image_size_px=size), backbone) == chosen
    assert max(size) <= 2.2 * min(size)


@given(sizes)
def test_a_backbone_sees_sides_in_whole_blocks_and_no_more_than_it_is_used_to(
    sizes: list[tuple[int, int]],
) -> None:
    chosen = choose_preprocessing(sizes, Recipe(), BACKBONE)
    assert chosen.height_px % 16 == chosen.width_px % 16 == 0
    area = chosen.height_px * chosen.width_px
    assert 0.8 * 128**2 <= area <= 1.2 * 224**2


@pytest.mark.parametrize(
    ("size", "backbone", "height_px", "width_px"),
    [
        ((8, 8), None, 8, 8),
        ((32, 32), None, 32, 32),
        ((192, 144), BACKBONE, 144, 192),
        ((144, 192), BACKBONE, 192, 144),
        ((4000, 3000), BACKBONE, 192, 256),
        ((20, 20), BACKBONE, 128, 128),
        ((500, 500), None, 96, 96),
    ],
)
def test_proportions_are_kept_and_nothing_is_enlarged_without_need(
    size: tuple[int, int], backbone: Backbone | None, height_px: int, width_px: int
) -> None:
    chosen = choose_preprocessing([size], Recipe(), backbone)
    assert (chosen.height_px, chosen.width_px) == (height_px, width_px)


def test_the_recipe_has_the_last_word() -> None:
    recipe = Recipe(image_size_px=(40, 50), fit="pad")
    chosen = choose_preprocessing([(8, 8)], recipe, BACKBONE)
    assert (chosen.height_px, chosen.width_px, chosen.fit) == (40, 50, "pad")


def test_sizes_are_read_from_headers_and_broken_files_are_passed_over(photo_folder: Path) -> None:
    (photo_folder / "glass" / "a_first.jpg").write_bytes(b"not a picture")
    found = sampled_sizes(load_dataset(photo_folder))
    assert set(found) <= {(144, 192), (192, 144)}
    assert len(found) == 36


def test_a_set_without_any_readable_picture_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.jpg").write_bytes(b"nothing")
    with pytest.raises(
        DataError, match=r"none of the 2 pictures can be read; the first: a/one\.jpg"
    ):
        sampled_sizes(load_dataset(tmp_path))
