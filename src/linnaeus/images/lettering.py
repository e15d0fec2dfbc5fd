"""Fonts for what is written on pictures: whatever this machine has that knows the letters."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

__all__ = ["Font", "font_for"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "arial.ttf",
    "msyh.ttc",
    "meiryo.ttc",
    "malgun.ttf",
)
"""Of Linux, macOS and Windows, those that know the most letters; Pillow knows where they lie."""

NO_LETTER = "\U0010ffff"  # never will be one: drawn as what a font shows for letters it lacks


def font_for(text: str, size: int) -> Font:
    """The font that knows most letters of `text`, Pillow's own where it knows as many.

    Pillow's own knows little more than ASCII. Letters that no font here knows are drawn as boxes.
    """
    if text.isascii():
        return ImageFont.load_default(size)
    return max(_fonts(size), key=lambda font: sum(_knows(font, letter) for letter in set(text)))


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    found: list[Font] = [ImageFont.load_default(size)]
    for name in (*SYSTEM_FONTS, *_fonts_of_matplotlib()):
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(found)


def _fonts_of_matplotlib() -> tuple[str, ...]:
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return ()
    return (str(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"),)


@cache
def _knows(font: Font, letter: str) -> bool:
    drawn, absent = font.getmask(letter), font.getmask(NO_LETTER)
    return letter.isspace() or (drawn.size, bytes(drawn)) != (absent.size, bytes(absent))
