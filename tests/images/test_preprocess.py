"""Preprocessing: the one way from a picture to a model's input, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from linnaeus.images.preprocess import Preprocessing

FITS = ("stretch", "crop", "pad")
FILTERS = ("bilinear", "bicubic", "lanczos")
sides = st.integers(1, 40)


@given(sides, sides, sides, sides, st.sampled_from(FITS), st.sampled_from(FILTERS))
def test_whatever_the_picture_the_input_has_the_size_asked_for(
    height: int, width: int, height_px: int, width_px: int, fit: str, interpolation: str
) -> None:
    preprocessing = Preprocessing.model_validate(
        {"height_px": height_px, "width_px": width_px, "fit": fit, "interpolation": interpolation}
    )
    white = np.full((height, width, 3), 255, np.uint8)
    fitted = preprocessing(white)
    assert fitted.shape == (height_px, width_px, 3)
    assert fitted.dtype == np.uint8
    assert (fitted == 255).all(), "one even colour stays that colour, padding included"


@pytest.mark.parametrize("fit", FITS)
def test_a_picture_of_the_right_size_is_left_as_it_is(fit: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (12, 20, 3), np.uint8)
    same = Preprocessing.model_validate({"height_px": 12, "width_px": 20, "fit": fit})(pixels)
    assert np.array_equal(same, pixels)


def test_crop_keeps_the_middle() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (Preprocessing(height_px=10, width_px=10, fit="crop")(pixels) == 200).all()


def test_stretch_keeps_everything() -> None:
    pixels = np.zeros((10, 40, 3), np.uint8)
    pixels[:, 20:] = 200
    stretched = Preprocessing(height_px=10, width_px=10, interpolation="bilinear")(pixels)
    assert (stretched[:, :4] == 0).all()
    assert (stretched[:, 6:] == 200).all()


def test_pad_keeps_proportions_and_fills_with_the_background() -> None:
    pixels = np.full((10, 20, 3), 200, np.uint8)
    padded = Preprocessing(height_px=20, width_px=20, fit="pad", background=(1, 2, 3))(pixels)
    assert (padded[5:15] == 200).all()
    assert (padded[:5] == (1, 2, 3)).all()
    assert (padded[15:] == (1, 2, 3)).all()


@pytest.mark.parametrize("interpolation", FILTERS)
def test_shrinking_averages_what_lies_between(interpolation: str) -> None:
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    settings = {"height_px": 8, "width_px": 8, "interpolation": interpolation}
    small = Preprocessing.model_validate(settings)(np.dstack([checks] * 3))
    assert np.abs(small[1:-1, 1:-1].astype(int) - 127).max() <= 3


def test_a_path_bytes_an_image_and_an_array_give_the_same_bits(
    tmp_path: Path, photographs: dict[str, dict[str, bytes]]
) -> None:
    preprocessing = Preprocessing(height_px=96, width_px=80)
    for number, content in enumerate(photographs["metal"].values()):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(content)
        first, picture = preprocessing.read(file)
        for same in (content, str(file), Image.open(file), picture.pixels):
            assert np.array_equal(preprocessing.read(same)[0], first)


def test_transparency_is_laid_on_the_record_s_background() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    pixels, _ = Preprocessing(height_px=2, width_px=2, background=(9, 8, 7)).read(clear)
    assert (pixels == (9, 8, 7)).all()


def test_the_record_survives_json() -> None:
    record = Preprocessing(height_px=3, width_px=5, fit="pad", background=(1, 2, 3))
    assert Preprocessing.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(
    "wrong",
    [
        {"height_px": 0},
        {"height_px": 100_000},
        {"fit": "squeeze"},
        {"interpolation": "nearest"},
        {"background": (0, 0, 256)},
        {"gamma": 2.2},
    ],
)
def test_a_record_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Preprocessing.model_validate({"height_px": 8, "width_px": 8, **wrong})
