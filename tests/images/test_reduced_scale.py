"""JPEG files decoded at a reduced scale: the same picture, in a fraction of the time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import linnaeus
from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import decode
from linnaeus.images.preprocess import Preprocessing

FITS = ("stretch", "crop", "pad")
Photographs = dict[str, dict[str, bytes]]


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **({"quality": 92} | options))
    return file.getvalue()


@pytest.fixture(scope="module")
def photograph(photographs: Photographs) -> Image.Image:
    """A real photograph, enlarged to 1003 × 757 pixels: sizes that no scale divides."""
    content = next(iter(photographs["metal"].values()))
    return Image.open(io.BytesIO(content)).convert("RGB").resize((1003, 757))


def both(content: bytes, **settings: object) -> tuple[np.ndarray, np.ndarray]:
    """(pixels at the reduced scale, pixels after full decoding), as integers."""
    reduced, full = (
        Preprocessing.model_validate({**settings, "reduced_scale": chosen}).read(content)[0]
        for chosen in (True, False)
    )
    return reduced.astype(int), full.astype(int)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(64, 64), (90, 120), (150, 300), (378, 501)])
def test_the_input_differs_by_less_than_a_level_from_full_decoding(
    photograph: Image.Image, fit: str, size: tuple[int, int]
) -> None:
    reduced, full = both(jpeg(photograph), height_px=size[0], width_px=size[1], fit=fit)
    assert reduced.shape == (*size, 3)
    assert np.abs(reduced - full).mean() < 1.0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", FITS)
def test_every_exif_orientation_stands_upright(
    photograph: Image.Image, orientation: int, fit: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    reduced, full = both(jpeg(photograph, exif=exif), height_px=60, width_px=100, fit=fit)
    assert np.abs(reduced - full).mean() < 1.0


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"subsampling": 2}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_grey_cmyk_and_progressive_files_are_reduced_alike(
    photograph: Image.Image, mode: str, options: dict[str, object]
) -> None:
    content = jpeg(photograph.convert(mode), **options)
    reduced, full = both(content, height_px=90, width_px=120)
    assert np.abs(reduced - full).mean() < 1.0
    picture = Preprocessing(height_px=90, width_px=120, reduced_scale=True).read(content)[1]
    assert picture.mode == mode
    assert picture.size_px == (1003, 757)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40), st.sampled_from(FITS))
def test_a_reduced_picture_still_covers_the_input(
    width: int, height: int, side_px: int, fit: str
) -> None:
    content = jpeg(Image.new("RGB", (width, height), (90, 120, 30)))
    preprocessing = Preprocessing.model_validate(
        {"height_px": side_px, "width_px": side_px, "fit": fit, "reduced_scale": True}
    )
    fitted, picture = preprocessing.read(content)
    decoded_height, decoded_width = picture.pixels.shape[:2]
    assert fitted.shape == (side_px, side_px, 3)
    assert picture.size_px == (width, height)
    if (decoded_width, decoded_height) != (width, height):
        sides = sorted((decoded_width, decoded_height))
        assert (sides[1] if fit == "pad" else sides[0]) >= side_px
        assert picture.box[2] <= decoded_width
        assert picture.box[3] <= decoded_height


def test_an_edge_stays_where_it_was_in_a_size_that_no_scale_divides() -> None:
    """Left half black, right half white; 1001 pixels wide, so that 1/8 ends within a pixel."""
    halves = np.zeros((801, 1001, 3), np.uint8)
    halves[:, 500:] = 255
    reduced, full = both(jpeg(Image.fromarray(halves)), height_px=50, width_px=100)
    assert np.abs(reduced - full).mean() < 0.5


def test_a_path_bytes_and_an_unopened_image_give_the_same_bits(
    photograph: Image.Image, tmp_path: Path
) -> None:
    preprocessing = Preprocessing(height_px=96, width_px=80, reduced_scale=True)
    file = tmp_path / "photograph.jpg"
    file.write_bytes(jpeg(photograph))
    first, _ = preprocessing.read(file)
    unopened = Image.open(file)
    for same in (file.read_bytes(), str(file), unopened):
        assert np.array_equal(preprocessing.read(same)[0], first)
    assert unopened.size == (1003, 757), "the caller's image is left as it was"
    assert np.asarray(unopened).shape == (757, 1003, 3)


def test_pictures_of_less_than_twice_the_input_are_decoded_in_full(
    photographs: Photographs,
) -> None:
    for content in photographs["glass"].values():
        reduced, full = both(content, height_px=97, width_px=80)
        assert np.array_equal(reduced, full)


def test_other_formats_are_decoded_in_full(photograph: Image.Image) -> None:
    file = io.BytesIO()
    photograph.save(file, "PNG")
    reduced, full = both(file.getvalue(), height_px=90, width_px=120)
    assert np.array_equal(reduced, full)


def test_the_limit_of_pixels_is_that_of_the_whole_picture(photograph: Image.Image) -> None:
    small = Preprocessing(height_px=9, width_px=9, max_pixels=500_000, reduced_scale=True)
    with pytest.raises(UnreadableImage, match="1003 × 757 pixels are more than the limit"):
        small.read(jpeg(photograph))


def test_half_a_file_is_refused_at_any_scale(photograph: Image.Image) -> None:
    content = jpeg(photograph)
    with pytest.raises(UnreadableImage, match="truncated"):
        Preprocessing(height_px=32, width_px=32, reduced_scale=True).read(
            content[: len(content) // 2]
        )


def test_decoding_without_preprocessing_is_in_full(photograph: Image.Image) -> None:
    content = jpeg(photograph)
    picture = decode(content)
    assert np.array_equal(picture.pixels, np.asarray(Image.open(io.BytesIO(content))))
    assert picture.box == (0, 0, 1003, 757)


def test_a_record_that_does_not_speak_of_it_decodes_in_full() -> None:
    old = '{"height_px": 3, "width_px": 5, "fit": "pad"}'
    assert not Preprocessing.model_validate_json(old).reduced_scale


@pytest.mark.slow
def test_what_a_bundle_has_learnt_from_is_known_again_at_its_scale(
    photographs: Photographs, tmp_path: Path
) -> None:
    """The digests that a bundle keeps and those that an evaluation asks for are of one decoding."""
    pytest.importorskip("torch")
    for name in ("glass", "paper"):
        (tmp_path / "large" / name).mkdir(parents=True)
        for file, content in photographs[name].items():
            large = Image.open(io.BytesIO(content)).resize((288, 384))
            (tmp_path / "large" / name / file).write_bytes(jpeg(large))
    run = linnaeus.train(tmp_path / "large", out=tmp_path / "run", model="small_cnn", epochs=1)
    record = linnaeus.load(run.bundle).record
    assert record.preprocessing.reduced_scale
    judged = linnaeus.evaluate(run.bundle, tmp_path / "large").predictions
    with (tmp_path / "run" / "split.csv").open() as table:
        held_out = {row["image"] for row in csv.DictReader(table) if row["split"] == "test"}
    assert set(judged.ids) == held_out
