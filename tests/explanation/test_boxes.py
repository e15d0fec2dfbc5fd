"""Boxes are found by the path of a picture, or by as much of its end as tells it from others."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from linnaeus.errors import DataError, UsageError
from linnaeus.explanation.boxes import boxes_of, read_boxes
from linnaeus.explanation.methods import Explainer
from linnaeus.explanation.read import boxes_at, read_pictures
from linnaeus.predicting.picture import Picture
from linnaeus.training.run import Run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = ("rings/1.png,0,0,4,4", "crosses/1.png,1,1,5,5", "crosses/1.png,6,6,9,9")
    file = tmp_path / "boxes.csv"
    file.write_text(
        "\n".join(("image,left,top,right,bottom", *rows, "2.png,2,2,3,3")), encoding="utf-8"
    )
    return file


def test_the_end_of_a_path_is_enough(table: Path) -> None:
    pictures = ["/data/crosses/1.png", "/data/rings/1.png", "/data/rings/2.png"]
    assert boxes_of(read_boxes(table), pictures) == [
        [(1, 1, 5, 5), (6, 6, 9, 9)],
        [(0, 0, 4, 4)],
        [(2, 2, 3, 3)],
    ]


def test_a_name_that_two_pictures_have_is_refused(table: Path) -> None:
    with pytest.raises(UsageError, match="Name the folders too"):
        boxes_of(read_boxes(table), ["/data/rings/2.png", "/data/crosses/2.png"])


@pytest.mark.parametrize("left", ["", "x", "nan", "inf", "0_0", "０", "5"])
def test_what_is_no_box_is_told_by_its_line(table: Path, left: str) -> None:
    with table.open("a", encoding="utf-8") as lines:
        lines.write(f"\n3.png,{left},0,4,4\n")
    with pytest.raises(DataError, match="line 6: this is no box"):
        read_boxes(table)


def test_a_picture_without_a_box_is_named(table: Path) -> None:
    with pytest.raises(UsageError, match=r"3\.png: the table has no box"):
        boxes_of(read_boxes(table), ["/data/rings/3.png"])


def test_boxes_of_a_large_photograph_are_placed_by_its_full_size(
    digits_run: Run, tmp_path: Path
) -> None:
    """A JPEG file of 800 px is decoded at an eighth for a network of 8 px."""
    Image.new("RGB", (800, 400), "white").save(tmp_path / "large.jpg")
    explainer = Explainer(digits_run.bundle)
    read = read_pictures(explainer, [Picture("large.jpg", tmp_path / "large.jpg")])
    boxes = {"large.jpg": [(400, 200, 800, 400), (410, 210, 412, 212)]}
    assert boxes_at(explainer, boxes, read) == [[(4, 4, 8, 8), (4, 4, 5, 5)]]
