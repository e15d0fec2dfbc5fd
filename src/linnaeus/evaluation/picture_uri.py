"""A picture as a data URI, small enough to stand inside a page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

from PIL import Image

__all__ = ["PictureOf", "as_shown", "image_bytes", "is_tiny", "jpeg_uri", "picture_uri"]

PictureOf = Callable[[str], Image.Image | None]
"""From the id of a picture to the picture, None where it is not at hand."""

SIDE_PX = 224  # shown at half of that: sharp on a dense screen
TINY_PX = 64  # below, a picture is kept exactly and its pixels are shown as squares
MOST_BYTES = 40_000
JPEG_QUALITIES = (82, 60, 35)


def picture_uri(picture: Image.Image, side_px: int = SIDE_PX) -> str:
    """`picture` with no side longer than `side_px`, as JPEG; exactly, as PNG, where it is tiny."""
    image = picture.convert("RGB")
    if is_tiny(picture):
        return _encoded("png", image_bytes(image, "PNG"))
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    for quality in JPEG_QUALITIES:
        content = image_bytes(image, "JPEG", quality=quality)
        if len(content) <= MOST_BYTES:
            break
    return _encoded("jpeg", content)


def as_shown(picture: Image.Image | None, side_px: int = SIDE_PX) -> tuple[str, bool]:
    """`picture_uri` and `is_tiny` of a picture; empty and False of one that is not at hand."""
    return ("", False) if picture is None else (picture_uri(picture, side_px), is_tiny(picture))


def jpeg_uri(image: Image.Image, quality: int) -> str:
    """`image` as it is, as JPEG of the given quality."""
    return _encoded("jpeg", image_bytes(image, "JPEG", quality=quality, optimize=True))


def is_tiny(picture: Image.Image) -> bool:
    """Whether a picture is so small that its pixels can be shown as squares."""
    return max(picture.size) < TINY_PX


def image_bytes(image: Image.Image, kind: str, **options: int) -> bytes:
    """`image` as the content of a file of the `kind` "PNG" or "JPEG"."""
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _encoded(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
