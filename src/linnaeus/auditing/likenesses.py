"""Small colour likenesses of chosen pictures, read once more from their files for a page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from PIL import Image

from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import in_threads
from linnaeus.errors import UnreadableImage
from linnaeus.images.decode import decode
from linnaeus.progress import Progress

__all__ = ["read_likenesses"]


def read_likenesses(
    dataset: Dataset,
    sides_px: Mapping[int, int],
    *,
    max_pixels: int,
    workers: int | None = None,
    progress: Progress,
) -> dict[int, Image.Image]:
    """{row: its picture, upright RGB, no side longer than asked} for `sides_px`, {row: longest}.

    A picture that cannot be read (any more), or has more than `max_pixels`, is absent. Time grows
    with the pixels decoded; memory with those that are kept.
    """

    def read(row: int) -> tuple[int, Image.Image | None]:
        path = dataset.paths[row]
        try:
            pixels = decode(dataset.source.read(path), name=path, max_pixels=max_pixels).pixels
        except UnreadableImage:
            return row, None
        image = Image.fromarray(pixels)
        image.thumbnail((sides_px[row],) * 2, Image.Resampling.LANCZOS)
        return row, image

    rows = sorted(sides_px)
    found: dict[int, Image.Image] = {}
    with (
        progress.stage("Reading pictures for the page", len(rows)) as stage,
        closing(in_threads(lambda place: read(rows[place]), len(rows), workers)) as chunks,
    ):
        for chunk in chunks:
            found |= {row: image for row, image in chunk if image is not None}
            stage.advance(len(chunk))
    return found
