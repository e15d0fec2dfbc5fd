"""Pictures to explain, read at the size that the network sees and answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.store import printable
from linnaeus.errors import DataError, LinnaeusError, UnreadableImage, UsageError
from linnaeus.explanation.boxes import boxes_of
from linnaeus.explanation.faithfulness import Box
from linnaeus.explanation.methods import Explainer

if TYPE_CHECKING:
    from linnaeus.bundle.answer import Answer
    from linnaeus.predicting.picture import Picture

__all__ = ["ReadPictures", "boxes_at", "read_pictures"]

Pixels = NDArray[np.uint8]


class ReadPictures(NamedTuple):
    """The pictures that could be read: `pixels` (n, h, w, 3) at the network's size, the `answers`
    to them, their names `ids`, the `frames` (left, top, right, bottom) that these pixels are of,
    in pixels as decoded; and what was `skipped`, with why.
    """

    pixels: Pixels
    answers: list[Answer]
    ids: list[str]
    frames: list[tuple[float, float, float, float]]
    skipped: dict[str, str]


def read_pictures(explainer: Explainer, pictures: Iterable[Picture]) -> ReadPictures:
    """Read each of `pictures` once, as it comes, and answer them.

    Raises UnreadableImage where not one of them can be read, DataError where there is none.
    """
    pixels, ids, frames, skipped = [], [], [], {}
    refused: LinnaeusError = DataError(
        "no picture is named", where="PICTURES", mend="Name files, folders or archives of them."
    )
    for picture in pictures:
        name, given = printable(picture.name), picture.source
        try:
            source = given() if callable(given) else given
            fitted, decoded = explainer.classifier.record.preprocessing.read(source, name=name)
        except UnreadableImage as error:
            refused = error
            skipped[name] = error.what
            continue
        pixels.append(fitted)
        ids.append(name)
        frames.append(decoded.box)
    if not pixels:
        raise refused
    answers = explainer.classifier.predict_pixels(pixels)
    return ReadPictures(np.stack(pixels), answers, ids, frames, skipped)


def boxes_at(
    explainer: Explainer, boxes: dict[str, list[Box]], read: ReadPictures
) -> list[list[Box]]:
    """The boxes of the pictures `read` at the network's size."""
    how = explainer.classifier.record.preprocessing
    if how.fit != "stretch":
        raise UsageError(
            f"this bundle does not stretch pictures ({how.fit}), so boxes cannot be placed",
            where="--boxes",
            mend="Leave it out.",
        )
    placed = []
    for frame, found in zip(read.frames, boxes_of(boxes, read.ids), strict=True):
        left, top, right, bottom = frame
        across, down = how.width_px / (right - left), how.height_px / (bottom - top)
        placed.append(
            [
                (round(a * across), round(b * down), round(c * across), round(d * down))
                for a, b, c, d in found
            ]
        )
    return placed
