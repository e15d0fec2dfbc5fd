"""The page of an attack: what stands, what each attack did, and pictures that were fooled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from linnaeus.evaluation.pages import pages
from linnaeus.evaluation.picture_uri import picture_uri
from linnaeus.version import __version__

if TYPE_CHECKING:
    from linnaeus.robustness.attacked import Attacked, Example

__all__ = ["attack_page", "shown_change"]

MAGNIFIED = 10
LEAST_PX = 160
GAP_PX = 6


def attack_page(done: Attacked) -> str:
    """The page as HTML; every text that comes from the user is escaped."""
    return (
        pages("linnaeus.robustness")
        .get_template("attack.html.j2")
        .render(
            done=done,
            magnified=MAGNIFIED,
            examples=[(one, picture_uri(shown_change(one), 3 * 224)) for one in done.examples],
            version=__version__,
        )
    )


def shown_change(one: Example) -> Image.Image:
    """The picture, its change magnified around grey, and what came of it, side by side."""
    change = one.after.astype(int) - one.before
    grey = np.clip(128 + MAGNIFIED * change, 0, 255).astype(np.uint8)
    parts = [_enlarged(Image.fromarray(each)) for each in (one.before, grey, one.after)]
    width = sum(part.width for part in parts) + 2 * GAP_PX
    row = Image.new("RGB", (width, parts[0].height), "white")
    left = 0
    for part in parts:
        row.paste(part, (left, 0))
        left += part.width + GAP_PX
    return row


def _enlarged(image: Image.Image) -> Image.Image:
    times = max(1, -(-LEAST_PX // min(image.size)))
    size = (image.width * times, image.height * times)
    return image.resize(size, Image.Resampling.NEAREST)
