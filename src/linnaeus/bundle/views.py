"""Views of a picture whose answers are averaged: test-time augmentation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["VIEWS", "AskedViews", "Views", "views_in_words", "views_of"]

Views = Literal["none", "mirror", "shifts"]
AskedViews = Literal["auto", "none", "mirror", "shifts"]

VIEWS: dict[Views, int] = {"none": 1, "mirror": 2, "shifts": 5}
"""How many views there are, which is how many times as long an answer takes."""

SHIFT = 1 / 16  # of a side: as far as networks learn to see pictures moved, unless told otherwise

Pixels = NDArray[np.uint8]


def views_of(pixels: Pixels, views: Views) -> list[Pixels]:
    """The views of a picture (height, width, 3) uint8, of its shape; the first is the picture.

    "mirror": the picture and its mirror image. "shifts": the picture, and moved upwards, downwards
    and to both sides by a sixteenth (a pixel at least), with what is missing filled in as reflected
    at the edge.
    """
    if views == "mirror":
        return [pixels, np.ascontiguousarray(pixels[:, ::-1])]
    return [pixels, *_shifted(pixels)] if views == "shifts" else [pixels]


def views_in_words(views: Views) -> str:
    """A clause to stand behind the name of a runtime; empty where there is one view."""
    what = {
        "none": "",
        "mirror": "it and its mirror image",
        "shifts": "it, and moved to four sides",
    }
    count = VIEWS[views]
    return f", the mean over {count} views of a picture ({what[views]})" if count > 1 else ""


def _shifted(pixels: Pixels) -> list[Pixels]:
    height, width, _ = pixels.shape
    down, across = (max(1, round(SHIFT * side)) for side in (height, width))
    wide = np.pad(pixels, ((down, down), (across, across), (0, 0)), mode="reflect")
    corners = [(0, across), (2 * down, across), (down, 0), (down, 2 * across)]
    return [np.ascontiguousarray(wide[y : y + height, x : x + width]) for y, x in corners]
