"""The map of the features as data for plotly, with a likeness of each picture to show on hover.

The likenesses of many pictures share one JPEG, of which a dot shows its tile: a tenth of the bytes
that as many JPEGs would take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from linnaeus.auditing.sizes_chart import COLOURS
from linnaeus.data.dataset import Dataset
from linnaeus.evaluation.picture_uri import jpeg_uri

__all__ = ["TILE_PX", "map_chart", "plotly_at_hand", "plotly_script"]

TILE_PX = 64
TILES_ACROSS = 20
JPEG_QUALITY = 72
DECIMALS = 4


def map_chart(
    points: NDArray[np.float32],
    rows: NDArray[np.int64],
    dataset: Dataset,
    shown_classes: NDArray[np.int64],
    coloured: Sequence[int],
    images: Mapping[int, Image.Image],
) -> dict[str, Any]:
    """What the page's script draws: dots by class and colour, their paths, and tiles.

    `points`: (m, 2) of the pictures at `rows` (m,). `shown_classes`: (n,) the class that each
    picture of the data set is drawn in. `coloured`: the classes that have a colour of their own.
    """
    places = shown_classes[rows]
    known = dict(enumerate(coloured))
    traces = [
        _trace(dataset.classes[place], colour, places == place, points)
        for colour, place in known.items()
        if (places == place).any()
    ]
    others = ~np.isin(places, list(coloured))
    if others.any():
        traces.append(_trace("other classes", COLOURS, others, points))
    tiles = [images.get(int(row)) for row in rows]
    return {
        "traces": traces,
        "paths": [dataset.paths[row] for row in rows],
        "said": [" + ".join(dataset.labels_of(int(row))) for row in rows],
        "sizes": [(0, 0) if tile is None else _fitted(tile).size for tile in tiles],
        "tile": TILE_PX,
        "across": TILES_ACROSS,
        "sheets": _tile_sheets(tiles),
    }


def plotly_at_hand() -> bool:
    """Whether plotly is installed, whose script the map needs."""
    return find_spec("plotly") is not None


def plotly_script() -> Markup:
    """Plotly's JavaScript, about 5 MB, to be embedded so that the page needs no network."""
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 - a library's own script, nothing of the user's


def _trace(
    name: str, colour: int, chosen: NDArray[np.bool_], points: NDArray[np.float32]
) -> dict[str, Any]:
    places = np.flatnonzero(chosen)
    x, y = np.round(points[places].astype(float), DECIMALS).T
    return {
        "name": name,
        "colour": colour,
        "x": x.tolist(),
        "y": y.tolist(),
        "ids": places.tolist(),
    }


def _tile_sheets(tiles: Sequence[Image.Image | None]) -> list[str]:
    """JPEG data URIs of 400 tiles each, in rows of 20; a picture that is absent leaves grey."""
    each = TILES_ACROSS**2
    return [_tile_sheet(tiles[first : first + each]) for first in range(0, len(tiles), each)]


def _tile_sheet(tiles: Sequence[Image.Image | None]) -> str:
    down = -(-len(tiles) // TILES_ACROSS)
    sheet = Image.new("RGB", (TILES_ACROSS * TILE_PX, down * TILE_PX), (128, 128, 128))
    for place, tile in enumerate(tiles):
        if tile is not None:
            corner = (place % TILES_ACROSS * TILE_PX, place // TILES_ACROSS * TILE_PX)
            sheet.paste(_fitted(tile), corner)
    return jpeg_uri(sheet, JPEG_QUALITY)


def _fitted(image: Image.Image) -> Image.Image:
    """The picture no larger than a tile, in its own shape."""
    small = image.copy()
    small.thumbnail((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
    return small
