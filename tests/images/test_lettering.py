"""What is written on pictures can be read, also where it is not English."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from linnaeus.images.lettering import Font, font_for


def drawn(text: str, font: Font) -> NDArray[np.uint8]:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((5, 5), text, 255, font)
    return np.asarray(image)


@pytest.mark.parametrize("letter", ["ü", "č", "ж", "λ"])
def test_letters_beyond_ascii_are_no_boxes(letter: str) -> None:
    pytest.importorskip("matplotlib", reason="brings a font that knows them to every machine")
    font = font_for(f"M{letter}ll", 20)
    box = drawn("\U0010ffff", font)
    assert not np.array_equal(drawn(letter, font), box)


def test_plain_english_looks_the_same_on_every_machine() -> None:
    for font in (font_for("glass", 20), ImageFont.load_default(20)):
        assert np.array_equal(drawn("glass", font), drawn("glass", ImageFont.load_default(20)))
