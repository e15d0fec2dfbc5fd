"""Small colour likenesses of chosen pictures, read once more from their files for a page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from linnaeus.data.dataset import Dataset
from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import decode
from linnaeus.progress import Progress

__all__ = ["read_likenesses"]

MAX_WORKERS = 16


def read_likenesses(
    dataset: Dataset,
    sides_px: Mapping[int, int],
    *,
    workers: int | None = None,
    progress: Progress,
) -> dict[int, Image.Image]:
    """{row: its picture, upright RGB, no side longer than asked} for `sides_px`, {row: longest}.

    A picture that cannot be read (any more) is absent. Time grows with the pixels decoded; memory
    with those that are kept.
    """

    def read(row: int) -> tuple[int, Image.Image | None]:
        path = dataset.paths[row]
        try:
            pixels = decode(dataset.source.read(path), name=path).pixels
        except UnreadableImage:
            return row, None
        image = Image.fromarray(pixels)
        image.thumbnail((sides_px[row],) * 2, Image.Resampling.LANCZOS)
        return row, image

    found: dict[int, Image.Image] = {}
    threads = workers or min(os.cpu_count() or 1, MAX_WORKERS)
    with (
        progress.stage("Reading pictures for the page", len(sides_px)) as stage,
        ThreadPoolExecutor(threads, thread_name_prefix="likeness") as pool,
    ):
        for row, image in pool.map(read, sorted(sides_px)):
            if image is not None:
                found[row] = image
            stage.advance()
    return found
