"""What callers give as pictures, as a list of them; and what is none."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linnaeus.errors import UsageError
from linnaeus.images.decode import ImageSource, still_encoded

__all__ = ["as_pictures", "called", "check_picture", "digest_of", "own"]

Given = TypeVar("Given")

DIGEST_BYTES = 32
SOURCES = (bytes, str, Path, Image.Image, np.ndarray)
NOT_MANY = (Mapping, bytearray, memoryview, io.IOBase)
"""What can be iterated, and gives no pictures when it is."""


def as_pictures(images: ImageSource | Iterable[ImageSource]) -> list[ImageSource]:
    """One picture or many as a list. Raises UsageError where one of them is no picture."""
    if isinstance(images, SOURCES):
        return [images]
    if isinstance(images, NOT_MANY) or not isinstance(images, Iterable):
        raise _no_picture(images, "images")
    given = list(images) if isinstance(images, Sequence) else [own(one) for one in images]
    for place, one in enumerate(given):
        check_picture(one, f"images[{place}]")
    return given


def check_picture(source: object, where: str) -> None:
    """Raise UsageError, about what stands at `where`, for what is no picture."""
    if not isinstance(source, SOURCES):
        raise _no_picture(source, where)


def own(picture: Given) -> Given:
    """The picture, where it is an array as a copy: a camera's next frame may come in the same one,
    before this is answered."""
    return picture.copy() if isinstance(picture, np.ndarray) else picture


def called(given: Sequence[ImageSource], place: int) -> str:
    """How to name a picture in an error: its path, or where it stood among those given."""
    one = given[place]
    if isinstance(one, str | Path):
        return str(one)
    return f"images[{place}]" if len(given) > 1 else "the picture"


def digest_of(picture: bytes | Image.Image | NDArray[np.uint8]) -> str:
    """A digest of the bytes of a picture's file, or of its pixels, as 64 hexadecimal digits.

    An image of a file that nobody has looked into yet stays as it is.
    """
    seen = still_encoded(picture) if isinstance(picture, Image.Image) else picture
    if isinstance(seen, bytes):
        return hashlib.blake2b(seen, digest_size=DIGEST_BYTES).hexdigest()
    pixels = np.ascontiguousarray(seen)
    digest = hashlib.blake2b(f"{pixels.shape} {pixels.dtype}\n".encode(), digest_size=DIGEST_BYTES)
    digest.update(pixels.data)
    return digest.hexdigest()


def _no_picture(source: object, where: str) -> UsageError:
    return UsageError(
        f"{'None' if source is None else f'a {type(source).__name__}'} is not a picture",
        where=where,
        mend="Give a path, the bytes of a file, a PIL image, an array, or a list of them.",
    )
