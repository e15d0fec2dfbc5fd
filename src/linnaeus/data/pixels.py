"""Pixels of pictures by row, wherever they are: in an array, a mapped file, or still encoded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import processors
from linnaeus.data.scan import Scan
from linnaeus.images.preprocess import Preprocessing

__all__ = ["ArrayRows", "ChosenRows", "DecodedRows", "PixelRows", "pixel_rows"]

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
        return self.pixels[rows]

    def expect(self, rows: Rows) -> None:
        pass


class DecodedRows:
    """Rows that are read and decoded whenever they are taken, in `workers` threads.

    What is expected is decoded ahead; a batch taken and one expected are all that is in memory.
    `take` raises UnreadableImage for a picture that cannot be read (any more).
    """

    def __init__(
        self, dataset: Dataset, preprocessing: Preprocessing, workers: int | None = None
    ) -> None:
        self.dataset = dataset
        self.preprocessing = preprocessing
        self._pool = ThreadPoolExecutor(workers or processors(), thread_name_prefix="decode")
        self._ahead: dict[int, Future[Pixels]] = {}

    @property
    def shape(self) -> tuple[int, int, int, int]:
        size = (self.preprocessing.height_px, self.preprocessing.width_px)
        return (len(self.dataset), *size, 3)

    def take(self, rows: Rows) -> Pixels:
        ready, self._ahead = self._ahead, {}
        waiting = [ready.get(row) or self._pool.submit(self._read, row) for row in rows.tolist()]
        pixels = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, future in enumerate(waiting):
            pixels[place] = future.result()
        return pixels

    def expect(self, rows: Rows) -> None:
        self._ahead = {row: self._pool.submit(self._read, row) for row in rows.tolist()}

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


def pixel_rows(
    scan: Scan, dataset: Dataset, preprocessing: Preprocessing, workers: int | None = None
) -> PixelRows:
    """The pixels that `scan` kept of `dataset`, or, where it kept none, the pictures themselves."""
    if scan.pixels is None:
        return DecodedRows(dataset, preprocessing, workers)
    return ArrayRows(scan.pixels)
