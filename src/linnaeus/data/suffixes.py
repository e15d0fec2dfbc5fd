"""The ending that a picture's name should have, by its first bytes."""

from __future__ import annotations

__all__ = ["suffix_of"]

MAGICS = {
    b"\xff\xd8": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"\0\0\0\x0cjP": ".jp2",
}


def suffix_of(content: bytes) -> str:
    """The ending of this kind of picture; ".jpg" where it is not known.

    Pictures are read by their content, whatever they are called: the ending is for people.

    >>> suffix_of(b"RIFF....WEBPVP8 ")
    '.webp'
    """
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp"
    return next((end for magic, end in MAGICS.items() if content.startswith(magic)), ".jpg")
