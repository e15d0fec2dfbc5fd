"""A sheet of views: pictures of each class, and beside each what training will see of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from linnaeus.images.lettering import font_for

__all__ = ["Row", "drawn_sheet"]

CELL_PX, GAP_PX, LINE_PX, MARGIN_PX = 128, 8, 16, 12
LONGEST_SIDE_LINE = 20  # characters of a caption that fit below a cell
PAPER, INK, FAINT = "#ffffff", "#1a1a1a", "#6b6b6b"


@dataclass(frozen=True)
class Row:
    """A picture (h, w, 3) uint8, its class, and views of it; `said` stands below each of them."""

    name: str
    picture: NDArray[np.uint8]
    views: Sequence[NDArray[np.uint8]]
    said: Sequence[str]


def drawn_sheet(rows: Sequence[Row], title: str, text: str) -> Image.Image:
    """The sheet, with `title` and `text` above a row for each picture."""
    columns = 1 + max(len(row.views) for row in rows)
    width = 2 * MARGIN_PX + columns * (CELL_PX + GAP_PX) + GAP_PX
    lines = textwrap.wrap(text, width // 7)
    head = MARGIN_PX + LINE_PX * (len(lines) + 3)
    high = max(_cell(row.picture).height for row in rows)
    step = high + 2 * LINE_PX + GAP_PX
    sheet = Image.new("RGB", (width, head + step * len(rows) + MARGIN_PX), PAPER)
    _write_head(ImageDraw.Draw(sheet), title, lines, head)
    for place, row in enumerate(rows):
        _draw_row(sheet, row, head + place * step, high)
    return sheet


def _write_head(draw: ImageDraw.ImageDraw, title: str, lines: Sequence[str], head: int) -> None:
    draw.text((MARGIN_PX, MARGIN_PX), title, INK, font_for(title, 15))
    for place, line in enumerate(lines):
        draw.text((MARGIN_PX, MARGIN_PX + 8 + LINE_PX * (place + 1)), line, INK, font_for(line, 12))
    draw.text((MARGIN_PX, head - LINE_PX), "picture", FAINT, font_for("", 11))
    beside = MARGIN_PX + CELL_PX + 2 * GAP_PX
    draw.text((beside, head - LINE_PX), "views, as training sees them", FAINT, font_for("", 11))


def _draw_row(sheet: Image.Image, row: Row, top: int, high: int) -> None:
    draw = ImageDraw.Draw(sheet)
    captions = [row.name, *row.said]
    for column, pixels in enumerate([row.picture, *row.views]):
        left = MARGIN_PX + column * (CELL_PX + GAP_PX) + (GAP_PX if column else 0)
        cell = _cell(pixels)
        sheet.paste(cell, (left + (CELL_PX - cell.width) // 2, top))
        for line, said in enumerate(textwrap.wrap(captions[column], LONGEST_SIDE_LINE)[:2]):
            ink = FAINT if column else INK
            draw.text((left, top + high + 2 + line * (LINE_PX - 3)), said, ink, font_for(said, 11))


def _cell(pixels: NDArray[np.uint8]) -> Image.Image:
    """A picture as large as fits into a cell; small ones keep their pixels square."""
    image = Image.fromarray(pixels)
    scale = CELL_PX / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    smooth = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    return image.resize(size, smooth)
