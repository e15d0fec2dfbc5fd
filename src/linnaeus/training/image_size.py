"""A size of pictures as a user writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from linnaeus.errors import UsageError

__all__ = ["parse_image_size"]


def parse_image_size(size: int | str | Sequence[int]) -> tuple[int, int]:
    """(height, width) in pixels from "64" or 64, which is a square, "48x64" or (48, 64).

    Raises UsageError for anything else. Whether the sides can be meant, the recipe says.

    >>> parse_image_size("64"), parse_image_size("48x64")
    ((64, 64), (48, 64))
    """
    written = size if isinstance(size, str) else str(size)
    if isinstance(size, Sequence) and not isinstance(size, str):
        written = "x".join(map(str, size))
    match = re.fullmatch(r"\s*([0-9]{1,6})(?:\s*[x×]\s*([0-9]{1,6}))?\s*", written)
    if match is None:
        raise UsageError(
            f'"{written}" is no size of pictures',
            where="--image-size",
            mend="Give a side in pixels such as 64, or HEIGHTxWIDTH such as 48x64.",
        )
    height, width = match.group(1), match.group(2) or match.group(1)
    return int(height), int(width)
