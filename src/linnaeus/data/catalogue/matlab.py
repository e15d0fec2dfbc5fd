"""Arrays of numbers out of MATLAB's files of version 5 (MATLAB: "MAT-File Format", 2019).

Only numeric arrays are read, and nothing in a file is ever run. HDF5 files (version 7.3) are not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_matlab"]

HEADER_BYTES = 128
COMPRESSED, MATRIX = 15, 14
DTYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
CLASS_BITS, COMPLEX = 0x00FF, 0x0800
NUMERIC_CLASSES = range(6, 16)
MOST_BYTES = 1 << 30
"""More than SVHN's largest array."""


def read_matlab(content: bytes) -> dict[str, NDArray[np.generic]]:
    """{name: array} of the numeric arrays in a file, their first axis the quickest, as there.

    Raises ValueError where it is no such file.
    """
    try:
        order = {b"IM": "<", b"MI": ">"}[content[HEADER_BYTES - 2 : HEADER_BYTES]]
        return dict(_arrays(content[HEADER_BYTES:], order))
    except (KeyError, struct.error, zlib.error, IndexError) as error:
        raise ValueError(f"it is no MATLAB file of version 5 ({error})") from None


def _arrays(content: bytes, order: str) -> Iterator[tuple[str, NDArray[np.generic]]]:
    for kind, data in _elements(content, order):
        if kind == COMPRESSED:
            yield from _arrays(zlib.decompressobj().decompress(data, MOST_BYTES), order)
        elif kind == MATRIX:
            (_, flags), (_, dimensions), (_, name), *parts = _elements(data, order)
            (marks,) = struct.unpack_from(order + "I", flags)
            if marks & CLASS_BITS in NUMERIC_CLASSES and not marks & COMPLEX and parts:
                shape = np.frombuffer(dimensions, order + "i4")
                yield name.decode("ascii"), _array(*parts[0], order, shape.tolist())


def _array(kind: int, data: bytes, order: str, shape: list[int]) -> NDArray[np.generic]:
    return np.frombuffer(data, order + DTYPES[kind]).reshape(shape, order="F")


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """(type, data) of each element; small ones keep their size beside their type."""
    place = 0
    while place + 8 <= len(content):
        kind, size = struct.unpack_from(order + "II", content, place)
        if kind >> 16:
            yield kind & 0xFFFF, content[place + 4 : place + 4 + (kind >> 16)]
            place += 8
            continue
        data = content[place + 8 : place + 8 + size]
        if len(data) != size:
            raise ValueError("the file ends inside an array")
        yield kind, data
        place += 8 + size + (0 if kind == COMPRESSED else -size % 8)
