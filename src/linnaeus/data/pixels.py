"""Pixels of pictures by row, wherever they are: in an array, a mapped file, or still encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import thread_count
from linnaeus.data.scan import Scan
from linnaeus.images.preprocess import Preprocessing

__all__ = [
    "ArrayRows",
    "ChosenRows",
    "DecodedRows",
    "PixelRows",
    "chunks",
    "one_by_one",
    "pixel_rows",
    "rows_of",
]

READ_AHEAD = 32
"""Pictures taken at a time where they are wanted singly, and made ready meanwhile where they have
to be decoded."""

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]


class PixelRows(Protocol):
    """Pictures of one size, of which some at a time are asked for.

    `shape`: (n, height_px, width_px, 3) of all of them.
    """

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height_px, width_px, 3)."""

    def take(self, rows: Rows) -> Pixels:
        """The pictures at `rows`, in that order: (len(rows), height_px, width_px, 3) uint8 RGB."""

    def expect(self, rows: Rows) -> None:
        """Hear which rows will be taken next, so that they can be made ready meanwhile."""


class ArrayRows:
    """Rows of an array, which may be a mapped file of any size: only what is taken is read."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    @property
    def shape(self) -> tuple[int, int, int, int]:
        count, height, width, channels = self.pixels.shape
        return count, height, width, channels

    def take(self, rows: Rows) -> Pixels:
        return np.asarray(self.pixels[rows])

    def expect(self, rows: Rows) -> None:
        pass


class DecodedRows:
    """Rows that are read and decoded whenever they are taken, in `workers` threads.

    What is expected is decoded ahead: what was taken and what is expected is all that is in memory.
    `take` raises UnreadableImage for a picture that cannot be read (any more).
    """

    def __init__(
        self, dataset: Dataset, preprocessing: Preprocessing, workers: int | None = None
    ) -> None:
        self.dataset = dataset
        self.preprocessing = preprocessing
        self._pool = ThreadPoolExecutor(thread_count(workers), thread_name_prefix="decode")
        self._ahead: dict[int, Future[Pixels]] = {}

    @property
    def shape(self) -> tuple[int, int, int, int]:
        size = (self.preprocessing.height_px, self.preprocessing.width_px)
        return (len(self.dataset), *size, 3)

    def take(self, rows: Rows) -> Pixels:
        waiting = [self._begun(row) for row in rows.tolist()]
        pixels = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, future in enumerate(waiting):
            pixels[place] = future.result()
        return pixels

    def expect(self, rows: Rows) -> None:
        for row in rows.tolist():
            if row not in self._ahead:
                self._ahead[row] = self._pool.submit(self._read, row)

    def _begun(self, row: int) -> Future[Pixels]:
        expected = row in self._ahead
        return self._ahead.pop(row) if expected else self._pool.submit(self._read, row)

    def _read(self, row: int) -> Pixels:
        path = self.dataset.paths[row]
        return self.preprocessing.read(self.dataset.source.read(path), name=path)[0]


class ChosenRows:
    """Some rows of others, counted from 0: the pictures of one split, say."""

    def __init__(self, pixels: PixelRows, rows: Sequence[int] | Rows) -> None:
        self.pixels = pixels
        self.rows = np.asarray(rows, np.int64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.rows), *self.pixels.shape[1:])

    def take(self, rows: Rows) -> Pixels:
        return self.pixels.take(self.rows[rows])

    def expect(self, rows: Rows) -> None:
        self.pixels.expect(self.rows[rows])


def chunks(pixels: PixelRows, rows: Rows, size: int) -> Iterator[Pixels]:
    """The pictures at `rows` in order, `size` at a time, with the next made ready meanwhile."""
    for start in range(0, len(rows), size):
        taken = pixels.take(rows[start : start + size])
        pixels.expect(rows[start + size : start + 2 * size])
        yield taken


def one_by_one(pixels: PixelRows, rows: Rows) -> Iterator[Pixels]:
    """Each of the pictures at `rows`, (height_px, width_px, 3), with more made ready meanwhile."""
    for some in chunks(pixels, rows, READ_AHEAD):
        yield from some


def rows_of(pixels: Pixels | PixelRows) -> PixelRows:
    """`pixels` as rows, where they are an array (n, height_px, width_px, 3) uint8."""
    return ArrayRows(pixels) if isinstance(pixels, np.ndarray) else pixels


def pixel_rows(
    scan: Scan, dataset: Dataset, preprocessing: Preprocessing, workers: int | None = None
) -> PixelRows:
    """The pixels that `scan` kept of `dataset`, or, where it kept none, the pictures themselves."""
    if scan.pixels is None:
        return DecodedRows(dataset, preprocessing, workers)
    return ArrayRows(scan.pixels)
