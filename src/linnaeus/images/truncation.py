"""Whether a file of pictures ends before its own headers say that it should.

Decoders word the same trouble in a dozen ways, or call what is left of the file no picture at all;
many containers, though, say near their beginning how far they reach.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

__all__ = ["ends_too_soon", "tells_of_truncation"]

WORDS = ("truncated", "not enough image data", "unexpected end", "premature end")
"""What the decoders say of a file that ends too soon, in lower case."""

GIF_HEADER_BYTES = 13
BOX_HEADER_BYTES = 8
MOST_BOXES = 1000
"""Pictures have a handful; a hostile file can have millions of empty ones."""


def tells_of_truncation(complaint: str) -> bool:
    """Whether a decoder's words say that the file ended too soon."""
    return any(words in complaint.casefold() for words in WORDS)


def ends_too_soon(file: BinaryIO) -> bool:
    """Whether a GIF, TIFF, WebP, AVIF or JPEG 2000 file is shorter than its headers promise.

    `file` is read from its beginning, a few bytes at a time. False where its kind is another.
    """
    size_bytes = file.seek(0, io.SEEK_END)
    head = _at(file, 0, 16)
    if head[:3] == b"GIF":
        return size_bytes < _gif_palette_end(head)
    if head[:4] == b"RIFF":
        return size_bytes < BOX_HEADER_BYTES + _number("<I", head[4:8])
    if head[:4] in (b"II*\0", b"MM\0*"):
        return size_bytes < _tiff_directory_end(file, "<" if head[:1] == b"I" else ">", head)
    if head[4:8] in (b"ftyp", b"jP  "):
        return _box_passes_the_end(file, size_bytes)
    return False


def _gif_palette_end(head: bytes) -> int:
    if len(head) < GIF_HEADER_BYTES:
        return GIF_HEADER_BYTES
    has_palette, depth = head[10] & 0x80, head[10] & 0x07
    return GIF_HEADER_BYTES + (3 << (depth + 1) if has_palette else 0)


def _tiff_directory_end(file: BinaryIO, order: str, head: bytes) -> int:
    """Behind the first directory: a count, twelve bytes an entry, the place of the next one."""
    start = _number(f"{order}I", head[4:8])
    return start + 2 + 12 * _number(f"{order}H", _at(file, start, 2)) + 4


def _box_passes_the_end(file: BinaryIO, size_bytes: int) -> bool:
    """Whether one of the boxes of ISO 14496-12, end to end from the first, is not all there."""
    place = 0
    for _ in range(MOST_BOXES):
        length = _box_length(_at(file, place, 16))
        if length == 0 or place == size_bytes:  # 0: up to the end, wherever it is
            return False
        if length < BOX_HEADER_BYTES or place + length > size_bytes:
            return place + length > size_bytes
        place += length
    return False


def _box_length(header: bytes) -> int:
    """The length that a box gives itself; 1 stands for a longer number behind the name."""
    length = _number(">I", header[:4])
    return _number(">Q", header[8:16]) if length == 1 else length


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _number(form: str, field: bytes) -> int:
    """An unsigned number; past every end where its own bytes are cut off."""
    if len(field) < struct.calcsize(form):
        return 1 << 62
    return int(struct.unpack(form, field)[0])
