"""A picture as it comes back from a JPEG file."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from linnaeus.evaluation.picture_uri import image_bytes

__all__ = ["compressed"]


def compressed(image: Image.Image, quality: int) -> Image.Image:
    """`image` saved as JPEG of `quality` (1 to 95) and opened again."""
    return Image.open(BytesIO(image_bytes(image, "JPEG", quality=quality)))
