"""A map laid over its picture, with a bar that says what the colours mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["beside", "coloured", "in_a_row", "overlaid"]

Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]

# Four stops that a reader without red-green vision can order: dark blue, teal, yellow, white.
STOPS = np.array([[30, 20, 90], [20, 120, 140], [245, 190, 40], [255, 255, 235]], np.float64)
LEAST_PX, MOST_PX = 192, 448  # sides of a shown picture
STRENGTH = 0.75  # of the colours where a map is largest
CUT = 99.5  # percentile shown as the end of the scale, so that one pixel does not darken the rest
BAR_PX, GAP_PX = 14, 8
LINE_PX = 20  # of words under it


def coloured(importance: Map) -> tuple[Pixels, NDArray[np.float64], tuple[float, float]]:
    """Colours (h, w, 3) uint8 of a map, its strength (h, w) in [0, 1], and the ends of the scale.

    What speaks against the class (below 0) has the colour of 0.
    """
    positive = np.maximum(importance.astype(np.float64), 0.0)
    top = float(np.percentile(positive, CUT)) or float(positive.max()) or 1.0
    strength = np.clip(positive / top, 0.0, 1.0)
    return _at(strength), strength, (0.0, top)


def overlaid(picture: Pixels, importance: Map) -> Image.Image:
    """`picture` (h, w, 3) with the map (h, w) over it, strongest where that is largest."""
    colours, strength, _ = coloured(importance)
    share = STRENGTH * (0.25 + 0.75 * strength)[..., None]
    mixed = (1 - share) * picture + share * colours
    return _enlarged(Image.fromarray(mixed.round().astype(np.uint8)))


def beside(picture: Pixels, importance: Map, said: str = "") -> Image.Image:
    """The picture, the map over it and the bar of its colours, in one row; under it what is `said`
    of the map.
    """
    original, over = _enlarged(Image.fromarray(picture)), overlaid(picture, importance)
    _, _, (_, top) = coloured(importance)
    width = original.width + over.width + BAR_PX + 3 * GAP_PX + 44
    row = Image.new("RGB", (width, original.height + (LINE_PX if said else 0)), "white")
    row.paste(original, (0, 0))
    row.paste(over, (original.width + GAP_PX, 0))
    left = original.width + over.width + 2 * GAP_PX
    shades = np.linspace(1, 0, original.height)[:, None].repeat(BAR_PX, axis=1)
    row.paste(Image.fromarray(_at(shades)), (left, 0))
    draw = ImageDraw.Draw(row)
    draw.text((left + BAR_PX + 4, 0), f"{top:.2g}", fill="black")
    draw.text((left + BAR_PX + 4, original.height - 12), "0", fill="black")
    if said:
        draw.text((4, original.height + 4), said, fill="black")
    return row


def in_a_row(*pictures: Pixels) -> Image.Image:
    """`pictures` (h, w, 3) of one size, from left to right."""
    shown = [_enlarged(Image.fromarray(picture)) for picture in pictures]
    step = shown[0].width + GAP_PX
    row = Image.new("RGB", (step * len(shown) - GAP_PX, shown[0].height), "white")
    for place, one in enumerate(shown):
        row.paste(one, (place * step, 0))
    return row


def _at(places: NDArray[np.float64]) -> Pixels:
    """The colours at `places` in [0, 1] of the scale."""
    at = places * (len(STOPS) - 1)
    low = np.minimum(at.astype(int), len(STOPS) - 2)
    share = (at - low)[..., None]
    mixed = (1 - share) * STOPS[low] + share * STOPS[low + 1]
    colours: Pixels = mixed.round().astype(np.uint8)
    return colours


def _enlarged(image: Image.Image) -> Image.Image:
    """`image` at a size to look at: tiny pictures keep their pixels as squares."""
    shorter, longer = min(image.size), max(image.size)
    times = max(1, -(-LEAST_PX // shorter))
    if times > 1:
        return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    if longer > MOST_PX:
        scale = MOST_PX / longer
        size = (round(image.width * scale), round(image.height * scale))
        return image.resize(size, Image.Resampling.LANCZOS)
    return image
