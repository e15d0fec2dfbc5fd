"""From a file, bytes, a PIL image or an array to upright RGB pixels: the one place that decodes.

What a picture may bring is honoured (EXIF orientation, palettes, alpha on a stated background,
CMYK, CIELAB, 16 and 32 bits scaled to 8), what was done beyond plain decoding is told in `notes`,
and what is too large is refused from its header, before a pixel is decoded. Colour profiles are
not applied: values are taken as sRGB. JPEG files can be decoded at a reduced scale, for callers who
make them smaller anyway.
"""

from __future__ import annotations

import ctypes
import functools
import io
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from linnaeus.errors import Fault, UnreadableImage
from linnaeus.images.truncation import ends_too_soon, tells_of_truncation

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "UNREAD_SUFFIXES",
    "Box",
    "ImageSource",
    "Picture",
    "Reduction",
    "decode",
    "image_size",
    "still_encoded",
]

MAX_PIXELS = 40_000_000
"""Pictures with more pixels are refused: a small file can ask for gigabytes when decoded."""

WHITE = (255, 255, 255)
UPRIGHT = 1
SIDEWAYS = range(5, 9)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture of each EXIF orientation upright."""

TELL_ORIENTATION = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
"""Where Pillow's `info` of an image can tell of an orientation, by which it would be turned."""

# Formats with decoders inside Pillow. PostScript and its kin are left out: reading them means
# running another program on the file.
FORMATS = "AVIF BMP DIB GIF ICO JPEG JPEG2000 PCX PNG PPM QOI SGI TGA TIFF WEBP".split()

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .dib .gif .ico .j2k .jfif .jp2 .jpe .jpeg .jpg .mpo .pbm .pcx .pgm .png .pnm .ppm"
    " .qoi .sgi .tga .tif .tiff .webp".split()
)
"""File name endings that promise a picture, in lower case."""

UNREAD_SUFFIXES = frozenset(
    ".3fr .arw .bpg .cr2 .cr3 .crw .dcm .dng .eps .erf .exr .heic .heics .heif .hif .iiq .jls .jxl"
    " .jxr .kdc .mef .mrw .nef .nrw .orf .pef .psb .psd .raf .raw .rw2 .rwl .sr2 .srf .srw .svg"
    " .svgz .wdp .x3f .xcf".split()
)
"""Endings, in lower case, of pictures of telephones, cameras and programs that are not read."""

SCALES = (8, 4, 2)
"""How many times smaller a JPEG decoder can give a picture, at a fraction of the work: it leaves
high frequencies out, so that the result is antialiased."""

EIGHT_OF_SIXTEEN = np.rint(np.arange(65536) * (255 / 65535)).astype(np.uint8)
"""The 8 bits for each value of 16: looked up in a third of the time and memory of reckoning."""

ROWS_AT_ONCE = 64
"""So many rows in double precision stay in the cache; a whole picture would take a gigabyte."""

Box = tuple[float, float, float, float]
"""(left, top, right, bottom), in pixels."""

Reduction = Callable[[tuple[int, int]], float]
"""How many times smaller a picture of (width, height) may be decoded, at most."""

ImageSource = bytes | str | Path | Image.Image | NDArray[np.uint8]
Read = TypeVar("Read")


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    `image`: upright, of mode RGB, smaller than `size_px` where the file was decoded at a reduced
    scale.
    `format`: Pillow's name of the file format, empty for arrays and PIL images made in memory.
    `mode`: Pillow's mode of the file before conversion ("L", "RGB", "P", "I;16", …).
    `size_px`: (width, height) of the whole picture after orientation.
    `notes`: what was done beyond plain decoding, as clauses for the user.
    `box`: the part of the image that the picture fills: all of them, but for the outermost row and
    column of a reduced scale that does not divide the size.
    `luminance_table`: the 64 numbers that a JPEG's brightness was divided by; empty for others.
    """

    image: Image.Image
    format: str
    mode: str
    size_px: tuple[int, int]
    notes: tuple[str, ...]
    box: Box
    luminance_table: tuple[int, ...] = ()

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """(height, width, 3) uint8, RGB in that order: a copy of the image, made when asked for."""
        return np.asarray(self.image)


def decode(
    source: ImageSource,
    *,
    name: str = "",
    max_pixels: int = MAX_PIXELS,
    background: tuple[int, int, int] = WHITE,
    reduction: Reduction | None = None,
) -> Picture:
    """Decode one picture to upright RGB.

    `source` is a path, the bytes of a file, a PIL image, or an array (H, W, 3) or (H, W) uint8.
    `background` (RGB, 0 to 255) is what transparent pixels are laid on. With `reduction`, a JPEG is
    decoded at the smallest of the scales 1, 1/2, 1/4 and 1/8 that it allows; arrays, PIL images
    that are loaded already, and other formats come in full.

    Raises UnreadableImage, with `name` (or the path) and the reason, for whatever cannot be read.
    """
    where = name or (str(source) if isinstance(source, str | Path) else "the picture")
    if isinstance(source, np.ndarray):
        return _from_array(source, where)
    file = still_encoded(source) if reduction and isinstance(source, Image.Image) else source
    if isinstance(file, Image.Image):
        return _told(lambda: _upright_rgb(file, max_pixels, background), where)
    return _told(lambda: _decode_file(file, max_pixels, background, reduction), where, file)


def image_size(source: bytes | str | Path, *, name: str = "") -> tuple[int, int]:
    """(width, height) in pixels of a picture after orientation, read from its header alone.

    Raises UnreadableImage as `decode` does.
    """

    def from_header() -> tuple[int, int]:
        with _open(source) as image:
            width, height = _stored_size(image)
            return (height, width) if _orientation(image) in SIDEWAYS else (width, height)

    where = name or (str(source) if isinstance(source, str | Path) else "")
    return _told(from_header, where, source)


def _stored_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) of a file as its pixels lie in it, from its header alone."""
    if isinstance(image, TiffImageFile):  # some versions of Pillow tell the upright size of these
        tags = image.tag_v2
        return tags[ExifTags.Base.ImageWidth], tags[ExifTags.Base.ImageLength]
    return image.size


def still_encoded(image: Image.Image) -> bytes | Image.Image:
    """The file behind a PIL image of a JPEG that nobody has looked into yet; else the image.

    It is read anew, so that the caller's image stays as it is and gives the pixels of its file.
    """
    if not isinstance(image, JpegImageFile) or not image.tile or image.decoderconfig:
        return image
    if image.fp is None or image.tell() != 0:
        return image
    place = image.fp.tell()
    image.fp.seek(0)
    content = image.fp.read()
    image.fp.seek(place)
    return content


def _decode_file(
    source: bytes | str | Path,
    max_pixels: int,
    background: tuple[int, int, int],
    reduction: Reduction | None,
) -> Picture:
    with _open(source) as image:
        return _upright_rgb(image, max_pixels, background, reduction)


def _open(source: bytes | str | Path) -> Image.Image:
    _ready_pillow()
    if isinstance(source, bytes):
        if not source:
            raise _Refused("the file is empty", "empty")
        return Image.open(io.BytesIO(source), formats=FORMATS)
    path = Path(source)
    if path.is_file() and path.stat().st_size == 0:
        raise _Refused("the file is empty", "empty")
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


def _upright_rgb(
    image: Image.Image,
    max_pixels: int,
    background: tuple[int, int, int],
    reduction: Reduction | None = None,
) -> Picture:
    width, height = image.size
    if width * height > max_pixels:
        raise _Refused(
            f"{width} × {height} pixels are more than the limit of {max_pixels / 1e6:g} million",
            "huge",
        )
    file_format, mode = image.format or "", image.mode
    notes = []
    if getattr(image, "is_animated", False):
        notes.append("only the first frame of several was taken")
        image.seek(0)
    scale = _scale_down(image, reduction) if reduction else 1
    orientation, note = _loaded(image)
    if note:
        notes.append(note)
    stored, luminance_table = image.size, _luminance_table(image)
    if scale == 1:
        width, height = stored
    rgb, note = _to_rgb(_upright(image, orientation), background)
    if note:
        notes.append(note)
    sideways = orientation in SIDEWAYS
    return Picture(
        rgb,
        file_format,
        mode,
        (height, width) if sideways else (width, height),
        tuple(notes),
        _turned((width / scale, height / scale), stored, orientation),
        luminance_table,
    )


def _loaded(image: Image.Image) -> tuple[int, str]:
    """Load the pixels. Returns the orientation that they have now, and a note on it or none."""
    # Pillow turns a TIFF as it loads it, and forgets the orientation.
    before = _orientation(image) if isinstance(image, TiffImageFile) else UPRIGHT
    image.load()
    after = _orientation(image)
    if after is None or before is None:
        return UPRIGHT, "its EXIF data are damaged, so it was not turned"
    turned = before != UPRIGHT or after != UPRIGHT
    return after, "turned upright by its EXIF orientation" if turned else ""


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image turned, without what told of its orientation.

    Pillow's own `exif_transpose` writes all EXIF data anew, which fails at an odd tag among them.
    """
    if orientation == UPRIGHT:
        return image
    turned = image.transpose(TURNS[orientation])
    for key in TELL_ORIENTATION:
        turned.info.pop(key, None)
    return turned


def _luminance_table(image: Image.Image) -> tuple[int, ...]:
    return tuple(image.quantization.get(0, ())) if isinstance(image, JpegImageFile) else ()


def _scale_down(image: Image.Image, reduction: Reduction) -> int:
    """Tell the decoder of a JPEG to give it so many times smaller as `reduction` allows."""
    if not isinstance(image, JpegImageFile) or image.decoderconfig:
        return 1
    width, height = image.size
    sideways = _orientation(image) in SIDEWAYS
    most = min(width, height, reduction((height, width) if sideways else (width, height)))
    scale = next((scale for scale in SCALES if scale <= most), 1)
    if scale > 1:
        image.draft(None, (width // scale, height // scale))
    return scale


def _turned(filled: tuple[float, float], stored: tuple[int, int], orientation: int) -> Box:
    """The box that the top left `filled` (width, height) of a `stored` picture has upright."""
    spare = stored[0] - filled[0], stored[1] - filled[1]
    left = spare[0] if orientation in (2, 3, 7, 8) else 0.0
    top = spare[1] if orientation in (3, 4, 6, 7) else 0.0
    box = left, top, left + filled[0], top + filled[1]
    return (box[1], box[0], box[3], box[2]) if orientation in SIDEWAYS else box


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
    stored = np.asarray(image)
    if not np.isfinite(stored).all():
        raise _Refused("some of its pixels are not numbers")
    low, high = float(stored.min()), float(stored.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        grey = Image.fromarray(EIGHT_OF_SIXTEEN[stored])
        return grey.convert("RGB"), "16 bits a pixel were scaled to 8"
    if low >= 0 and high <= 1:
        low, high, note = 0.0, 1.0, "values from 0 to 1 were scaled to 8 bits"
    else:
        note = f"values from {low:g} to {high:g} were scaled to 8 bits"
    return Image.fromarray(_scaled(stored, low, high)).convert("RGB"), note


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """`values` (h, w) from `low` to `high` brought to 0 to 255, some rows at a time."""
    scaled = np.zeros(values.shape, np.uint8)
    if high > low:
        for start in range(0, len(values), ROWS_AT_ONCE):
            rows = values[start : start + ROWS_AT_ONCE].astype(np.float64)
            scaled[start : start + ROWS_AT_ONCE] = np.rint((rows - low) * (255.0 / (high - low)))
    return scaled


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
    height, width = array.shape[:2]
    box = (0.0, 0.0, float(width), float(height))
    return Picture(Image.fromarray(pixels), "", "L" if grey else "RGB", (width, height), (), box)


class _Refused(Exception):
    """A reason on its way to become an UnreadableImage, and the fault that it is a case of."""

    def __init__(self, reason: str, fault: Fault = "") -> None:
        self.reason = reason
        self.fault = fault
        super().__init__(reason, fault)


def _told(attempt: Callable[[], Read], where: str, source: ImageSource = b"") -> Read:
    """Run `attempt`; turn whatever a hostile file can raise into one UnreadableImage."""
    mend = "Replace it or take it out."
    fault: Fault = ""
    try:
        return attempt()
    except (FileNotFoundError, IsADirectoryError):
        reason, mend = "there is no such file", "Check the path."
    except PermissionError:
        reason, mend = "the file may not be opened", "Check its permissions."
    except _Refused as refused:
        reason, fault = refused.reason, refused.fault
    except Image.DecompressionBombError:
        reason, fault = "it would decode to far too many pixels", "huge"
    except MemoryError:
        reason = "it needs more memory than there is"
    except Exception as error:  # a damaged file can break a decoder in any way
        if tells_of_truncation(str(error)) or _ends_too_soon(source):
            reason, fault = "the file is truncated: it ends before its picture does", "truncated"
        elif isinstance(error, UnidentifiedImageError):
            reason = "this is not a picture in a format that is read"
            mend = "Save it as JPEG or PNG."
        else:
            detail = str(error).strip().rstrip(".") or type(error).__name__
            reason = f"the file is damaged ({detail})"
    raise UnreadableImage(reason, where=where, mend=mend, fault=fault)


def _ends_too_soon(source: ImageSource) -> bool:
    if isinstance(source, bytes):
        return ends_too_soon(io.BytesIO(source))
    if not isinstance(source, str | Path):
        return False
    with suppress(OSError, ValueError), Path(source).open("rb") as file:  # "a\0b" is no path at all
        return ends_too_soon(file)
    return False
