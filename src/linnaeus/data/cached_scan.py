"""Scans through the cache: what was read and decoded once is not decoded again.

An entry is found by the paths of the pictures and the preprocessing, and believed when every file
still has the digest that it had: reading bytes costs a fraction of decoding them. Labels do not
count, so that correcting one decodes nothing anew.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import features

from linnaeus.data.cache import Cache, Entry
from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import in_threads
from linnaeus.data.kept_scan import FORMAT, mapped_pixels, read_scan, write_scan
from linnaeus.data.measures import MEASURES
from linnaeus.data.memory import fits_memory, roomy_pixels
from linnaeus.data.scan import Scan, scan
from linnaeus.data.thumbnails import THUMBNAIL_PX
from linnaeus.errors import UnreadableImage, WriteError
from linnaeus.images.decode import MAX_PIXELS
from linnaeus.images.preprocess import Preprocessing
from linnaeus.progress import Progress, Quiet

__all__ = ["cached_scan"]

BYTES_BESIDE_PIXELS = THUMBNAIL_PX**2 + MEASURES.itemsize + 400
"""What an entry holds of each picture besides: likeness, measures, digests, sizes and names."""

SHARE_OF_TEMPORARY_DISK = 0.5


def cached_scan(
    dataset: Dataset,
    *,
    cache: Cache | None,
    preprocessing: Preprocessing | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Scan:
    """What `scan` finds in all of `dataset`, from `cache` where it is there, and kept there if not.

    With `cache` None, or one that may hold nothing, nothing is looked up or kept. The pixels of a
    scan that fits neither the cache nor memory nor half of the temporary disk are None: see
    `pixels.pixel_rows`. A cache that cannot be written to is told of and done without.
    """
    told = progress or Quiet()
    search = _Search(dataset, preprocessing, workers, told, max_pixels)
    if cache is None or cache.limit_bytes == 0:
        return search.scan_without()
    if (found := search.found_in(cache)) is not None:
        told.say("Every picture is in the cache from an earlier run: nothing is decoded again.")
        return found
    return search.scan_into(cache)


class _Search:
    """One data set in one preprocessing, on its way through the cache."""

    def __init__(
        self,
        dataset: Dataset,
        preprocessing: Preprocessing | None,
        workers: int | None,
        progress: Progress,
        max_pixels: int,
    ) -> None:
        self.dataset = dataset
        self.preprocessing = preprocessing
        self.workers = workers
        self.progress = progress
        self.max_pixels = max_pixels
        self.address = _address(dataset, preprocessing, max_pixels)

    def found_in(self, cache: Cache) -> Scan | None:
        """The scan from the cache; None where it holds none that is whole and of these files."""
        entries = cache.at(self.address)
        pictures = self._pictures() if entries else ""
        for entry in entries:
            if entry.contents.pictures == pictures and (kept := self._read(cache, entry)):
                return kept
        return None

    def scan_into(self, cache: Cache) -> Scan:
        """Scan, and keep what was found."""
        size_bytes = math.prod(self.shape) + len(self.dataset) * BYTES_BESIDE_PIXELS
        if size_bytes > (bound_bytes := cache.bound_bytes()):
            self.progress.say(
                f"The decoded pictures ({_size(size_bytes)}) are more than the cache may hold"
                f" ({_size(bound_bytes)}), so they are not kept for later runs."
            )
            return self.scan_without()
        self._tell_removed(cache.make_room(size_bytes))
        scanned: Scan | None = None
        place = cache.new_place(self.address)
        try:
            with cache.writing(place) as folder:
                room = partial(mapped_pixels, folder)
                scanned = self._scan(room)
                pictures = _digest_of(scanned.content_digests)
                name, kind = self.dataset.name, self._kind()
                write_scan(folder, scanned, dataset=name, kind=kind, pictures=pictures)
                scanned = None  # Windows renames no folder with a mapped file in it
            return read_scan(place, check=False)
        except WriteError as error:
            self.progress.warn(f"The cache is done without: {error}")
            return self.scan_without() if scanned is None else scanned

    def scan_without(self) -> Scan:
        """Scan without the cache, with the pixels wherever they find room."""
        size_bytes = math.prod(self.shape)
        free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
        if fits_memory(size_bytes) or size_bytes <= SHARE_OF_TEMPORARY_DISK * free_bytes:
            return self._scan(roomy_pixels)
        self.progress.say(
            f"The decoded pictures ({_size(size_bytes)}) find room neither in memory nor on the"
            " disk, so each is read and decoded again whenever it is needed."
        )
        return self._scan(None)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pixels; of none where there is no preprocessing."""
        if self.preprocessing is None:
            return (0,)
        size = (self.preprocessing.height_px, self.preprocessing.width_px)
        return (len(self.dataset), *size, 3)

    def _scan(self, room: Callable[[tuple[int, ...]], NDArray[np.uint8]] | None) -> Scan:
        return scan(
            self.dataset,
            preprocessing=self.preprocessing,
            workers=self.workers,
            progress=self.progress,
            max_pixels=self.max_pixels,
            room=room,
        )

    def _read(self, cache: Cache, entry: Entry) -> Scan | None:
        """An entry's scan; None where it is gone or damaged, and then it is removed."""
        try:
            kept = read_scan(entry.folder)
        except (OSError, ValueError) as error:
            if cache.remove(entry):
                reason = str(error).splitlines()[0]
                self.progress.warn(f"A damaged entry of the cache is removed ({reason}).")
            return None
        cache.used(entry)
        return kept

    def _pictures(self) -> str:
        """The digest of all files as they are now; the data set remembers those of each."""
        paths, digests = self.dataset.paths, list[str]()
        with (
            self.progress.stage("Comparing with the cache", len(paths)) as stage,
            closing(in_threads(self._content_digest, len(paths), self.workers)) as chunks,
        ):
            for chunk in chunks:
                digests += chunk
                stage.advance(len(chunk))
        self.dataset.remember_digests(zip(paths, digests, strict=True))
        return _digest_of(digests)

    def _content_digest(self, row: int) -> str:
        try:
            return hashlib.sha256(self.dataset.source.read(self.dataset.paths[row])).hexdigest()
        except UnreadableImage:
            return ""

    def _kind(self) -> str:
        if self.preprocessing is None:
            return "audit"
        return f"{self.preprocessing.height_px} × {self.preprocessing.width_px} px"

    def _tell_removed(self, removed: list[Entry]) -> None:
        if removed:
            names = ", ".join(sorted({entry.contents.dataset for entry in removed}))
            self.progress.say(f"To make room, the cache lets go of what is oldest in it: {names}.")


def _address(dataset: Dataset, preprocessing: Preprocessing | None, max_pixels: int) -> str:
    """32 hexadecimal digits of all that decides what a scan finds, but for the files' bytes."""
    record = None if preprocessing is None else preprocessing.model_dump(mode="json")
    fields = [field.name for field in dataclasses.fields(Scan)]
    decoders = [PIL.__version__, features.version("jpg"), features.version("libjpeg_turbo")]
    kind = [FORMAT, record, max_pixels, fields, str(MEASURES), THUMBNAIL_PX, decoders]
    return _digest_of([json.dumps(kind), *dataset.paths])[:32]


def _digest_of(texts: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(text.encode("utf-8", "backslashreplace") + b"\0")
    return whole.hexdigest()


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"
