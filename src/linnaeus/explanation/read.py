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
    to them, their names `ids`, the `sizes_px` (width, height) of the whole pictures, upright; and
    what was `skipped`, with why.
    """

    pixels: Pixels
    answers: list[Answer]
    ids: list[str]
    sizes_px: list[tuple[int, int]]
    skipped: dict[str, str]


def read_pictures(explainer: Explainer, pictures: Iterable[Picture]) -> ReadPictures:
    """Read each of `pictures` once, as it comes, and answer them.

    Raises UnreadableImage where not one of them can be read, DataError where there is none.
    """
    pixels, ids, sizes_px, skipped = [], [], [], {}
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
        sizes_px.append(decoded.size_px)
    if not pixels:
        raise refused
    answers = explainer.classifier.predict_pixels(pixels)
    return ReadPictures(np.stack(pixels), answers, ids, sizes_px, skipped)


def boxes_at(
    explainer: Explainer, boxes: dict[str, list[Box]], read: ReadPictures
) -> list[list[Box]]:
    """The boxes of the pictures `read` at the network's size, rounded outwards.

    They are in pixels of the whole picture, which may have been decoded at a reduced scale.
    Raises UsageError where pictures are not stretched, and as `boxes.boxes_of` does.
    """
    how = explainer.classifier.record.preprocessing
    if how.fit != "stretch":
        raise UsageError(
            f"this bundle does not stretch pictures ({how.fit}), so boxes cannot be placed",
            where="--boxes",
            mend="Leave it out.",
        )
    found = zip(read.sizes_px, boxes_of(boxes, read.ids), strict=True)
    onto_px = how.width_px, how.height_px
    return [[_placed(box, size_px, onto_px) for box in of_one] for size_px, of_one in found]


def _placed(box: Box, size_px: tuple[int, int], onto_px: tuple[int, int]) -> Box:
    """A `box` of a picture of `size_px` (width, height) where that is stretched to `onto_px`."""
    left, top, right, bottom = box
    (width, height), (across, down) = size_px, onto_px
    return (
        left * across // width,
        top * down // height,
        -(-right * across // width),
        -(-bottom * down // height),
    )
