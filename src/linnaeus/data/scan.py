"""One pass over the pictures: each file is read once and gives its digests, size, mode and pixels.

Threads do the work, for decoding lets go of Python's lock; what they find does not depend on how
many there are. A few chunks of pictures are under way at a time, so memory stays flat.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import in_threads
from linnaeus.data.measures import MEASURES, measured
from linnaeus.data.memory import roomy_pixels
from linnaeus.data.thumbnails import THUMBNAIL_PX, thumbnail
from linnaeus.errors import Fault, UnreadableImage
from linnaeus.images.decode import MAX_PIXELS, Picture, decode
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress, Quiet

__all__ = ["Scan", "pixel_digest", "scan"]


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass over pictures found; row i of everything is the sample `indices[i]`.

    `indices`: (n,) int64, rows of the data set.
    `pixels`: (n, height_px, width_px, 3) uint8 RGB, preprocessed; zeros where unreadable; None
    where no preprocessing was asked for, or no room for them was given.
    `content_digests`: (n,) SHA-256 of the file's bytes; "" where they could not be had.
    `pixel_digests`: (n,) SHA-256 of the decoded upright RGB pixels and their size; "" where
    unreadable. Of a JPEG that `preprocessing` decodes at a reduced scale they are those of the
    reduced pixels: the same JPEG data still give the same digest, but the picture saved anew as
    PNG another, which only full decoding, or a search for near duplicates, tells.
    `sizes_px`: (n, 2) int32, (width, height) after orientation; 0 where unreadable.
    `formats`, `modes`: (n,) Pillow's names, before conversion; "" where unreadable.
    `thumbnails`: (n, 32, 32) uint8 grey likenesses; zeros where unreadable.
    `measures`: (n,) rows of `measures.MEASURES`; zeros where unreadable.
    `notes`: {path: what was done to it beyond plain decoding}.
    `unreadable`: {path: why}.
    `faults`: {path: which of the faults of `errors.Fault`}, for those that are a case of one.
    """

    indices: NDArray[np.int64]
    pixels: NDArray[np.uint8] | None
    content_digests: tuple[str, ...]
    pixel_digests: tuple[str, ...]
    sizes_px: NDArray[np.int32]
    formats: tuple[str, ...]
    modes: tuple[str, ...]
    thumbnails: NDArray[np.uint8]
    measures: NDArray[np.void]
    notes: dict[str, tuple[str, ...]]
    unreadable: dict[str, str]
    faults: dict[str, Fault]

    def __len__(self) -> int:
        return len(self.indices)

    def of_rows(self, dataset: Dataset, rows: NDArray[np.int64]) -> Scan:
        """What was found of those pictures alone that are `rows` of the data set, and no pixels."""
        places = np.flatnonzero(np.isin(self.indices, rows))
        paths = {dataset.paths[row] for row in self.indices[places].tolist()}

        def at(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(values[place] for place in places.tolist())

        return replace(
            self,
            indices=self.indices[places],
            pixels=None,
            content_digests=at(self.content_digests),
            pixel_digests=at(self.pixel_digests),
            sizes_px=self.sizes_px[places],
            formats=at(self.formats),
            modes=at(self.modes),
            thumbnails=self.thumbnails[places],
            measures=self.measures[places],
            notes={path: own for path, own in self.notes.items() if path in paths},
            unreadable={path: why for path, why in self.unreadable.items() if path in paths},
            faults={path: fault for path, fault in self.faults.items() if path in paths},
        )

    @property
    def readable(self) -> NDArray[np.bool_]:
        """(n,) whether each picture could be decoded."""
        return np.array([digest != "" for digest in self.pixel_digests], dtype=bool)

    @property
    def copies(self) -> list[list[int]]:
        """Places with equal pixels, in sets of two or more."""
        places_of: dict[str, list[int]] = defaultdict(list)
        for place, digest in enumerate(self.pixel_digests):
            if digest:
                places_of[digest].append(place)
        return [places for places in places_of.values() if len(places) > 1]

    @property
    def most_pixels(self) -> int:
        """The pixels of the largest picture that could be decoded: what reading it anew takes."""
        return int(self.sizes_px.astype(np.int64).prod(axis=1).max(initial=1))


def scan(
    dataset: Dataset,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    *,
    preprocessing: Preprocessing | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    max_pixels: int = MAX_PIXELS,
    room: Callable[[tuple[int, ...]], NDArray[np.uint8]] | None = roomy_pixels,
) -> Scan:
    """Read and decode the pictures at `indices` (all by default), each file once.

    Pictures of more than `max_pixels`, or than a given `preprocessing` takes, are refused.
    `workers` is the number of threads, by default one a processor that may be used. Pictures that
    cannot be read are named in the result, not raised. `room` gives zeros of a shape for the
    pixels, by default in memory or a temporary file; None keeps no pixels. The data set remembers
    the files' digests, so that its fingerprint costs no second reading. Time grows with the number
    of pixels decoded.
    """
    rows = np.arange(len(dataset)) if indices is None else np.asarray(indices, np.int64)
    pixels = None
    if preprocessing is not None and room is not None:
        pixels = room((len(rows), preprocessing.height_px, preprocessing.width_px, 3))
    thumbnails = roomy_pixels((len(rows), THUMBNAIL_PX, THUMBNAIL_PX))
    measures = np.zeros(len(rows), MEASURES)
    reader = _Reader(dataset, rows, pixels, thumbnails, measures, preprocessing, max_pixels)
    with (progress or Quiet()).stage("Reading pictures", len(rows)) as stage:
        looks: list[_Look] = []
        with closing(in_threads(reader.look, len(rows), workers)) as chunks:
            for chunk in chunks:
                looks += chunk
                stage.advance(len(chunk))
    paths = [dataset.paths[row] for row in rows]
    dataset.remember_digests(zip(paths, (look.content_digest for look in looks), strict=True))
    return _gathered(reader, paths, looks)


class _Look(NamedTuple):
    """What is kept of one picture besides its pixels."""

    content_digest: str = ""
    pixel_digest: str = ""
    size_px: tuple[int, int] = (0, 0)
    format: str = ""
    mode: str = ""
    notes: tuple[str, ...] = ()
    unreadable: str = ""
    fault: Fault = ""


@dataclass(frozen=True)
class _Reader:
    """Reads chunks of rows into the arrays that it holds; used by several threads at once."""

    dataset: Dataset
    rows: NDArray[np.int64]
    pixels: NDArray[np.uint8] | None
    thumbnails: NDArray[np.uint8]
    measures: NDArray[np.void]
    preprocessing: Preprocessing | None
    max_pixels: int

    def look(self, place: int) -> _Look:
        path = self.dataset.paths[self.rows[place]]
        content_digest = ""
        try:
            content = self.dataset.source.read(path)
            content_digest = hashlib.sha256(content).hexdigest()
            picture = self._decoded(content, path, place)
        except UnreadableImage as error:
            return _Look(content_digest, unreadable=error.what, fault=error.fault)
        self.thumbnails[place] = thumbnail(picture.pixels)
        self.measures[place] = measured(picture, content, self.thumbnails[place])
        return _Look(
            content_digest,
            pixel_digest(picture.pixels),
            picture.size_px,
            picture.format,
            picture.mode,
            picture.notes,
        )

    def _decoded(self, content: bytes, path: str, place: int) -> Picture:
        if self.preprocessing is None:
            return decode(content, name=path, max_pixels=self.max_pixels)
        if self.pixels is None:
            return self.preprocessing.decode(content, name=path)
        self.pixels[place], picture = self.preprocessing.read(content, name=path)
        return picture


def _gathered(reader: _Reader, paths: list[str], looks: list[_Look]) -> Scan:
    seen = list(zip(paths, looks, strict=True))
    return Scan(
        indices=reader.rows,
        pixels=reader.pixels,
        content_digests=tuple(look.content_digest for look in looks),
        pixel_digests=tuple(look.pixel_digest for look in looks),
        sizes_px=np.array([look.size_px for look in looks], np.int32).reshape(-1, 2),
        formats=tuple(look.format for look in looks),
        modes=tuple(look.mode for look in looks),
        thumbnails=reader.thumbnails,
        measures=reader.measures,
        notes={path: look.notes for path, look in seen if look.notes},
        unreadable={path: look.unreadable for path, look in seen if look.unreadable},
        faults={path: look.fault for path, look in seen if look.fault},
    )


def pixel_digest(pixels: NDArray[np.uint8]) -> str:
    """SHA-256 of decoded upright `pixels` (height, width, 3) uint8 and their size."""
    digest = hashlib.sha256(f"{pixels.shape}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
