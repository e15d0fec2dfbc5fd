"""From a file, bytes, a PIL image or an array to upright RGB pixels: the one place that decodes.

What a picture may bring is honoured (EXIF orientation, palettes, alpha on a stated background,
CMYK, CIELAB, 16 and 32 bits scaled to 8), what was done beyond plain decoding is told in `notes`,
and what is too large is refused from its header, before a pixel is decoded. Colour profiles are
not applied: values are taken as sRGB.
"""

from __future__ import annotations

import ctypes
import functools
import io
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from linnaeus.errors import UnreadableImage

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "ImageSource",
    "Picture",
    "decode",
    "image_size",
]

MAX_PIXELS = 40_000_000
"""Pictures with more pixels are refused: a small file can ask for gigabytes when decoded."""

WHITE = (255, 255, 255)
UPRIGHT = 1

# Formats with decoders inside Pillow. PostScript and its kin are left out: reading them means
# running another program on the file.
FORMATS = "AVIF BMP DIB GIF ICO JPEG JPEG2000 PCX PNG PPM QOI SGI TGA TIFF WEBP".split()

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .dib .gif .ico .j2k .jfif .jp2 .jpe .jpeg .jpg .mpo .pbm .pcx .pgm .png .pnm .ppm"
    " .qoi .sgi .tga .tif .tiff .webp".split()
)
"""File name endings that promise a picture, in lower case."""

ImageSource = bytes | str | Path | Image.Image | NDArray[np.uint8]
Read = TypeVar("Read")


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    `pixels`: (height, width, 3) uint8, upright, RGB in that order.
    `format`: Pillow's name of the file format, empty for arrays and PIL images made in memory.
    `mode`: Pillow's mode of the file before conversion ("L", "RGB", "P", "I;16", …).
    `size_px`: (width, height) after orientation.
    `notes`: what was done beyond plain decoding, as clauses for the user.
    """

    pixels: NDArray[np.uint8]
    format: str
    mode: str
    size_px: tuple[int, int]
    notes: tuple[str, ...]


def decode(
    source: ImageSource,
    *,
    name: str = "",
    max_pixels: int = MAX_PIXELS,
    background: tuple[int, int, int] = WHITE,
) -> Picture:
    """Decode one picture to upright RGB.

    `source` is a path, the bytes of a file, a PIL image, or an array (H, W, 3) or (H, W) uint8.
    `background` (RGB, 0 to 255) is what transparent pixels are laid on.

    Raises UnreadableImage, with `name` (or the path) and the reason, for whatever cannot be read.
    """
    where = name or (str(source) if isinstance(source, str | Path) else "the picture")
    if isinstance(source, np.ndarray):
        return _from_array(source, where)
    if isinstance(source, Image.Image):
        return _told(lambda: _upright_rgb(source, max_pixels, background), where)
    return _told(lambda: _decode_file(source, max_pixels, background), where)


def image_size(source: bytes | str | Path, *, name: str = "") -> tuple[int, int]:
    """(width, height) in pixels of a picture after orientation, read from its header alone.

    Raises UnreadableImage as `decode` does.
    """

    def from_header() -> tuple[int, int]:
        with _open(source) as image:
            sideways = _orientation(image) in range(5, 9)
            return image.size[::-1] if sideways else image.size

    return _told(from_header, name or (str(source) if isinstance(source, str | Path) else ""))


def _decode_file(
    source: bytes | str | Path, max_pixels: int, background: tuple[int, int, int]
) -> Picture:
    with _open(source) as image:
        return _upright_rgb(image, max_pixels, background)


def _open(source: bytes | str | Path) -> Image.Image:
    _ready_pillow()
    if isinstance(source, bytes):
        if not source:
            raise _Refused("the file is empty")
        return Image.open(io.BytesIO(source), formats=FORMATS)
    path = Path(source)
    if path.is_file() and path.stat().st_size == 0:
        raise _Refused("the file is empty")
    return Image.open(path, formats=FORMATS)


@functools.cache
def _ready_pillow() -> None:
    """Load every decoder, and stop warnings: what they warn of this module refuses or notes."""
    Image.init()
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    _keep_libtiff_quiet()


def _keep_libtiff_quiet() -> None:
    """Stop libtiff from printing to standard error what the exception says as well."""
    with suppress(AttributeError, OSError, ImportError):  # builds without the symbol stay loud
        from PIL import _imaging

        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        set_handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        set_handler(None)


def _upright_rgb(image: Image.Image, max_pixels: int, background: tuple[int, int, int]) -> Picture:
    width, height = image.size
    if width * height > max_pixels:
        raise _Refused(
            f"{width} × {height} pixels are more than the limit of {max_pixels / 1e6:g} million"
        )
    file_format, mode = image.format or "", image.mode
    notes = []
    if getattr(image, "is_animated", False):
        notes.append("only the first frame of several was taken")
        image.seek(0)
    image.load()
    orientation = _orientation(image)
    if orientation is None:
        notes.append("its EXIF data are damaged, so it was not turned")
    elif orientation != UPRIGHT:
        notes.append("turned upright by its EXIF orientation")
        image = ImageOps.exif_transpose(image)
    rgb, note = _to_rgb(image, background)
    pixels = np.asarray(rgb)
    if note:
        notes.append(note)
    return Picture(pixels, file_format, mode, rgb.size, tuple(notes))


def _orientation(image: Image.Image) -> int | None:
    """The EXIF orientation, 1 to 8 (1 where none is given), or None where EXIF cannot be read."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    except Exception:  # EXIF is a TIFF inside the file, and can be broken in as many ways
        return None
    return value if value in range(1, 9) else UPRIGHT


def _to_rgb(image: Image.Image, background: tuple[int, int, int]) -> tuple[Image.Image, str]:
    """An RGB image without alpha, and what a user should know of how it came about."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, ""
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if image.has_transparency_data:
        laid = Image.new("RGBA", image.size, (*background, 255))
        laid.alpha_composite(image.convert("RGBA"))
        return laid.convert("RGB"), ""
    if image.mode == "LAB":
        return _lab_to_rgb(image), ""
    return image.convert("RGB"), ""


def _eight_bits(image: Image.Image) -> tuple[Image.Image, str]:
    """Grey of 16 or 32 bits to 8: by the full range of the type, or by its own range for floats."""
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise _Refused("some of its pixels are not numbers")
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        low, high, note = 0.0, 65535.0, "16 bits a pixel were scaled to 8"
    elif low >= 0 and high <= 1:
        low, high, note = 0.0, 1.0, "values from 0 to 1 were scaled to 8 bits"
    else:
        note = f"values from {low:g} to {high:g} were scaled to 8 bits"
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(np.rint(scaled).astype(np.uint8)).convert("RGB"), note


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted


def _from_array(array: NDArray[np.uint8], where: str) -> Picture:
    grey = array.ndim == 2
    if array.dtype != np.uint8 or not (grey or (array.ndim == 3 and array.shape[2] == 3)):
        raise UnreadableImage(
            f"an array of shape {array.shape} and type {array.dtype} is not a picture",
            where=where,
            mend="Give (height, width, 3) RGB or (height, width) grey, uint8 from 0 to 255.",
        )
    if array.size == 0:
        raise UnreadableImage("the array has no pixels", where=where, mend="Give a whole picture.")
    pixels = np.repeat(array[:, :, None], 3, axis=2) if grey else np.ascontiguousarray(array)
    return Picture(pixels, "", "L" if grey else "RGB", (array.shape[1], array.shape[0]), ())


class _Refused(Exception):
    """A reason on its way to become an UnreadableImage."""


def _told(attempt: Callable[[], Read], where: str) -> Read:
    """Run `attempt`; turn whatever a hostile file can raise into one UnreadableImage."""
    try:
        return attempt()
    except (FileNotFoundError, IsADirectoryError):
        reason, mend = "there is no such file", "Check the path."
    except PermissionError:
        reason, mend = "the file may not be opened", "Check its permissions."
    except _Refused as refused:
        reason, mend = str(refused), "Replace it or take it out."
    except Image.DecompressionBombError:
        reason, mend = "it would decode to far too many pixels", "Replace it or take it out."
    except UnidentifiedImageError:
        reason, mend = "this is not a picture in a format that is read", "Save it as JPEG or PNG."
    except MemoryError:
        reason, mend = "it needs more memory than there is", "Replace it or take it out."
    except Exception as error:  # a damaged file can break a decoder in any way
        detail = str(error).strip().rstrip(".") or type(error).__name__
        reason, mend = f"the file is damaged ({detail})", "Replace it or take it out."
    raise UnreadableImage(reason, where=where, mend=mend)
