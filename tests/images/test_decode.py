"""Decoding: whatever a picture brings is honoured, told or refused in one sentence.

Expected pixels are worked out by hand or with NumPy; files are written by Pillow, which the tests
trust to write, and real ones come from the corpora of image libraries.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import MAX_PIXELS, decode, image_size

Pixels = NDArray[np.uint8]

# What the eight values of EXIF's tag 274 ask for, as rows and columns of the stored picture.
UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: stored[::-1].transpose(1, 0, 2),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: stored[:, ::-1].transpose(1, 0, 2),
}


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, file_format, **options)
    return content.getvalue()


def noise(height: int, width: int, *channels: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, (height, width, *channels), np.uint8)


def png_header(width: int, height: int) -> bytes:
    """The start of a PNG file of that size, up to where its pixels would begin."""
    size = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + size + struct.pack(">I", zlib.crc32(size))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 9999) + b"IDAT"


# Colours


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_colours_come_back_as_they_were_stored(pixels: Pixels) -> None:
    picture = decode(saved(Image.fromarray(pixels), "PNG"))
    assert np.array_equal(picture.pixels, pixels)
    assert (picture.format, picture.mode, picture.notes) == ("PNG", "RGB", ())
    assert picture.size_px == (pixels.shape[1], pixels.shape[0])


def test_grey_becomes_three_equal_channels() -> None:
    grey = noise(5, 7)
    assert np.array_equal(decode(saved(Image.fromarray(grey), "PNG")).pixels, np.dstack([grey] * 3))


def test_one_bit_becomes_black_and_white() -> None:
    bits = noise(9, 9) > 127
    picture = decode(saved(Image.fromarray(bits), "PNG"))
    assert picture.mode == "1"
    assert np.array_equal(picture.pixels, np.dstack([bits * np.uint8(255)] * 3))


def test_a_palette_is_looked_up() -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode=None).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    pixels = decode(saved(image, "PNG")).pixels
    assert pixels[0, 1].tolist() == pixels[1, 1].tolist() == [40, 50, 60]
    assert pixels[1, 0].tolist() == [70, 80, 90]


def test_a_transparent_palette_entry_shows_the_background() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.putpixel((1, 0), 1)
    content = saved(image, "PNG", transparency=0)
    assert decode(content).pixels.tolist() == [[[255, 255, 255], [0, 200, 0]]]
    blue = decode(content, background=(0, 0, 9))
    assert blue.pixels.tolist() == [[[0, 0, 9], [0, 200, 0]]]


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_laid_on_white(file_format: str) -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.paste((255, 0, 0, 128), (0, 0, 2, 4))
    pixels = decode(
        saved(image, file_format, **({"lossless": True} if file_format == "WEBP" else {}))
    ).pixels
    assert np.abs(pixels[0, 0].astype(int) - [255, 127, 127]).max() <= 1
    assert pixels[0, 3].tolist() == [255, 255, 255]


def test_grey_with_alpha_is_laid_on_white() -> None:
    image = Image.new("LA", (2, 1), (0, 0))
    image.putpixel((1, 0), (60, 255))
    assert decode(saved(image, "PNG")).pixels.tolist() == [[[255, 255, 255], [60, 60, 60]]]


def test_a_colour_named_transparent_shows_the_background() -> None:
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (4, 5, 6))
    pixels = decode(saved(image, "PNG", transparency=(1, 2, 3))).pixels
    assert pixels.tolist() == [[[255, 255, 255], [4, 5, 6]]]


@pytest.mark.parametrize(("file_format", "off_by"), [("TIFF", 1), ("JPEG", 6)])
def test_inks_become_light(file_format: str, off_by: int) -> None:
    inks = {(0, 0, 0, 0): (255, 255, 255), (255, 0, 0, 0): (0, 255, 255), (0, 0, 0, 255): (0, 0, 0)}
    for ink, light in inks.items():
        pixels = decode(saved(Image.new("CMYK", (16, 16), ink), file_format)).pixels
        assert np.abs(pixels.astype(int) - light).max() <= off_by


def test_lab_becomes_srgb() -> None:
    # CIELAB in ICC's D50 encoding (L × 2.55, a + 128, b + 128): white, mid grey, sRGB's red.
    known = {(255, 128, 128): (255,) * 3, (128, 128, 128): (119,) * 3, (138, 209, 198): (255, 0, 0)}
    for lab, rgb in known.items():
        pixels = decode(saved(Image.new("LAB", (8, 8), lab), "TIFF")).pixels
        assert np.abs(pixels.astype(int) - rgb).max() <= 8, lab


# More than eight bits


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_and_not_clipped(file_format: str) -> None:
    values = np.array([[0, 256, 32768, 65535]], np.uint16)
    picture = decode(saved(Image.fromarray(values), file_format))
    assert picture.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    assert "scaled" in picture.notes[0]


@given(arrays(np.uint16, (1, 16)))
def test_sixteen_bits_keep_their_order(values: NDArray[np.uint16]) -> None:
    grey = decode(saved(Image.fromarray(values), "PNG")).pixels[0, :, 0].astype(int)
    order = np.argsort(values[0], kind="stable")
    assert (np.diff(grey[order]) >= 0).all()
    assert np.abs(grey * 257 - values[0]).max() <= 129


def test_numbers_from_zero_to_one_are_scaled_by_that_range() -> None:
    picture = decode(saved(Image.fromarray(np.array([[0.0, 0.2, 0.5]], np.float32)), "TIFF"))
    assert picture.pixels[0, :, 1].tolist() == [0, 51, 128]


def test_other_numbers_are_scaled_by_their_own_range_which_is_told() -> None:
    picture = decode(saved(Image.fromarray(np.array([[-10.0, 10.0, 30.0]], np.float32)), "TIFF"))
    assert picture.pixels[0, :, 1].tolist() == [0, 128, 255]
    assert "-10 to 30" in picture.notes[0]


def test_not_a_number_is_refused() -> None:
    content = saved(Image.fromarray(np.array([[0.0, np.nan]], np.float32)), "TIFF")
    with pytest.raises(UnreadableImage, match="not numbers"):
        decode(content)


# Orientation and animation


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_turns_a_picture_upright(orientation: int) -> None:
    stored = noise(3, 5, 3)
    exif = Image.Exif()
    exif[274] = orientation
    content = saved(Image.fromarray(stored), "PNG", exif=exif)
    picture = decode(content)
    expected = UPRIGHT[orientation](stored)
    assert np.array_equal(picture.pixels, expected)
    assert picture.size_px == image_size(content) == (expected.shape[1], expected.shape[0])
    assert bool(picture.notes) == (orientation != 1)


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_is_turned_upright_and_that_is_told(orientation: int, compression: str) -> None:
    stored = noise(3, 5, 3)
    content = saved(
        Image.fromarray(stored), "TIFF", compression=compression, tiffinfo={274: orientation}
    )
    expected = UPRIGHT[orientation](stored)
    for source in (content, Image.open(io.BytesIO(content))):
        picture = decode(source)
        assert np.array_equal(picture.pixels, expected)
        assert picture.size_px == image_size(content) == (expected.shape[1], expected.shape[0])
        assert bool(picture.notes) == (orientation != 1)


ODD_TAGS = {
    "ResolutionUnit as BYTE": (296, 1, 1, 2),
    "Make as RATIONAL": (271, 5, 1, 8),
    "XResolution as ASCII": (282, 2, 4, 0x32),
}


@pytest.mark.parametrize("odd", ODD_TAGS)
def test_an_odd_tag_beside_the_orientation_is_no_damage(odd: str) -> None:
    tags = sorted([(274, 3, 1, 6), ODD_TAGS[odd]])
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags))
    exif += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(12)
    content = saved(Image.new("RGB", (32, 16)), "JPEG", exif=exif)
    picture = decode(content)
    assert picture.size_px == picture.image.size == (16, 32)
    assert picture.notes == ("turned upright by its EXIF orientation",)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_turned_is_not_turned_again(file_format: str) -> None:
    exif = Image.Exif()
    exif[274] = 6
    once = decode(saved(Image.new("RGB", (32, 16)), file_format, exif=exif)).image
    assert decode(once).size_px == (16, 32)


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_photographs_of_cameras_held_otherwise_look_the_same(
    shape: str, hostile_files: dict[str, bytes]
) -> None:
    turned = [
        decode(hostile_files[f"exif_orientation/{shape}_{n}.jpg"]).pixels.astype(int)
        for n in range(1, 9)
    ]
    # Each was encoded for itself, with its number painted on it.
    assert max(np.abs(one - turned[0]).mean() for one in turned) < 12


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    stored = noise(3, 5, 3)
    exif = Image.Exif()
    exif[274] = orientation
    assert np.array_equal(decode(saved(Image.fromarray(stored), "PNG", exif=exif)).pixels, stored)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "TIFF", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken_and_told(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    content = saved(frames[0], file_format, save_all=True, append_images=frames[1:])
    picture = decode(content)
    assert np.abs(picture.pixels.astype(int) - [255, 0, 0]).max() <= 3
    assert picture.notes == ("only the first frame of several was taken",)


# What is given


def test_a_path_bytes_an_image_and_an_array_give_the_same_pixels(
    tmp_path: Path, photographs: dict[str, dict[str, bytes]]
) -> None:
    content = next(iter(photographs["glass"].values()))
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)
    pixels = decode(file).pixels
    for same in (str(file), content, Image.open(file), Image.open(file).convert("RGB"), pixels):
        assert np.array_equal(decode(same).pixels, pixels)


def test_a_grey_array_is_taken() -> None:
    grey = noise(4, 6)
    assert np.array_equal(decode(grey).pixels, np.dstack([grey] * 3))


def test_a_view_of_an_array_is_taken_as_it_looks() -> None:
    whole = noise(8, 8, 3)
    assert np.array_equal(decode(whole[::-2, 1:5]).pixels, whole[::-2, 1:5])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
    ids=lambda array: f"{array.shape} {array.dtype}",
)
def test_an_array_that_is_no_picture_is_refused(array: Pixels) -> None:
    with pytest.raises(UnreadableImage, match="array"):
        decode(array)


# What is refused


@pytest.mark.parametrize(
    ("side_px", "reason"),
    [
        (8_000, "8000 × 8000 pixels are more than the limit of 40 million"),
        (50_000, "too many pixels"),
    ],
)
def test_a_bomb_is_refused_from_its_header(side_px: int, reason: str) -> None:
    # Nothing follows the header, so whoever tried to decode would call the file damaged.
    with pytest.raises(UnreadableImage, match=rf"bomb\.png: .*{reason}"):
        decode(png_header(side_px, side_px), name="bomb.png")


def test_the_limit_itself_is_allowed() -> None:
    picture = saved(Image.new("1", (100, 50)), "PNG")
    assert decode(picture, max_pixels=5000).size_px == (100, 50)
    with pytest.raises(UnreadableImage, match="limit"):
        decode(picture, max_pixels=4999)
    assert MAX_PIXELS >= 24_000_000, "cameras make pictures of 24 million pixels"


def test_a_picture_in_memory_is_held_to_the_limit_as_well() -> None:
    with pytest.raises(UnreadableImage, match="limit"):
        decode(Image.new("1", (100, 50)), max_pixels=4999)


def test_half_a_photograph_is_refused(photographs: dict[str, dict[str, bytes]]) -> None:
    content = next(iter(photographs["glass"].values()))
    with pytest.raises(UnreadableImage, match=r"half\.jpg: the file is truncated"):
        decode(content[: len(content) // 2], name="half.jpg")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("letter.png", b"Dear Sir or Madam,", "not a picture"),
        ("program.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    ],
)
def test_what_is_no_picture_is_named_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    for source in (file, content):
        with pytest.raises(UnreadableImage, match=reason) as told:
            decode(source, name=name)
        assert str(told.value).startswith(f"{name}: ")
        assert told.value.mend


def test_a_path_without_a_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(UnreadableImage, match="no such file"):
            decode(path)


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"GIF89a", b"BM", b"\xff\xd8\xff", b"II*\x00"])
)
def test_no_bytes_whatever_raise_anything_else(content: bytes, start: bytes) -> None:
    try:
        decode(start + content)
    except UnreadableImage as refused:
        assert refused.what


@given(st.data())
def test_no_damage_to_a_photograph_raises_anything_else(data: st.DataObject) -> None:
    whole = bytearray(saved(Image.fromarray(noise(24, 24, 3)), "JPEG", quality=60))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        assert decode(bytes(whole)).pixels.dtype == np.uint8
    except UnreadableImage as refused:
        assert refused.what


def test_the_size_is_read_from_the_header_alone() -> None:
    assert image_size(png_header(4000, 3000)) == (4000, 3000)
    with pytest.raises(UnreadableImage, match="not a picture"):
        image_size(b"no", name="x.png")


@pytest.fixture(scope="module")
def hostile_files(shared_data: Callable[[str], Path]) -> dict[str, bytes]:
    """{path: bytes} of the turned photographs among the hostile files."""
    with tarfile.open(shared_data("hostile_files.tar.xz")) as archive:
        found = {}
        for member in archive:
            name = member.name.partition("/")[2]
            if member.isfile() and name.startswith("exif_orientation/"):
                content = archive.extractfile(member)
                assert content is not None
                found[name] = content.read()
        return found
