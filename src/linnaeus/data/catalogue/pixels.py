"""Pictures that were published as bare arrays: each is a file made when it is read.

They are made as PGM and PPM, which hold pixels as they are: the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.gather import Entry, gather
from linnaeus.data.store import Listing, Store

__all__ = ["Block", "PixelStore", "data_set_of_pixels"]

CHANNELS_OF_COLOUR = 3


class Block(NamedTuple):
    """Pictures of one split ("" where none is given).

    `pixels`: (n, height, width) uint8 of grey pictures, or (n, height, width, 3) in RGB; `labels`:
    (n,) positions in the class names.
    """

    split: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


class PixelStore(Store):
    """Pictures of arrays as PGM and PPM files, {path: (H, W) or (H, W, 3) uint8}."""

    def __init__(self, pixels: Mapping[str, NDArray[np.uint8]]) -> None:
        self._pixels = pixels
        self.listing = Listing(tuple(sorted(pixels)), frozenset(), {})

    def size_bytes(self, path: str) -> int:
        pixels = self._pixels[path]
        return len(_header(pixels)) + pixels.nbytes

    def read_whole(self, path: str) -> bytes:
        pixels = self._pixels[path]
        return _header(pixels) + pixels.tobytes()


def data_set_of_pixels(
    name: str, classes: Sequence[str], blocks: Sequence[Block], *, notes: Sequence[str] = ()
) -> Dataset:
    """The data set of `blocks`, its paths SPLIT/CLASS/NUMBER.ppm with numbers as published."""
    pixels: dict[str, NDArray[np.uint8]] = {}
    entries = []
    folders = [label.replace("/", "-") for label in classes]
    for block in blocks:
        digits = len(str(max(len(block.pixels) - 1, 0)))
        suffix = ".ppm" if block.pixels.ndim > CHANNELS_OF_COLOUR else ".pgm"
        above = f"{block.split}/" if block.split else ""
        for number, label in enumerate(block.labels.tolist()):
            path = f"{above}{folders[label]}/{number:0{digits}}{suffix}"
            pixels[path] = block.pixels[number]
            entries.append(Entry(path, (classes[label],), block.split))
    return gather(name, entries, PixelStore(pixels), notes=notes)


def _header(pixels: NDArray[np.uint8]) -> bytes:
    kind = b"P6" if pixels.ndim == CHANNELS_OF_COLOUR else b"P5"
    height, width = pixels.shape[:2]
    return b"%s\n%d %d\n255\n" % (kind, width, height)
