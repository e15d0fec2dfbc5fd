"""`linnaeus augment`: the sheet of what training will see, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from command_line import linnaeus as run
from linnaeus.errors import UsageError

pytest.importorskip("torch")


def test_the_command_writes_a_sheet_and_says_what_was_chosen(
    photo_folder: Path, tmp_path: Path
) -> None:
    done = run("augment", photo_folder, "--augment", "heavy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "Pictures are mirrored at random" in done.out
    assert "Views are mirrored" in done.out
    assert "CutMix" in done.out
    assert done.out.splitlines()[-1] == "Sheet: augmentation.png"
    with Image.open(tmp_path / "augmentation.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > sheet.height / 2  # six rows of seven


def test_the_sheet_shows_the_very_pictures_where_nothing_is_changed(photo_folder: Path) -> None:
    shown = linnaeus.augment(photo_folder, augment="none")
    assert shown.said == "Views are the pictures as they are."
    pixels = np.asarray(shown.sheet)[80:]  # below the text
    cells = pixels[:, 12:140], pixels[:, 156:284]  # the pictures, and the first view of each
    pictured = (cells[0] != 255).any(2).mean(1) > 0.5  # rows of the sheet without captions
    assert pictured.sum() > 500
    assert np.array_equal(cells[0][pictured], cells[1][pictured])


def test_from_python_it_is_the_plan_that_training_would_use(
    some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    shown = linnaeus.augment(some_digits, augment="auto", epochs=20, out=tmp_path / "views.png")
    assert (tmp_path / "views.png").exists()
    assert shown.plan.mirror is False
    assert shown.plan.augmix == 3
    assert "digits or letters" in shown.said
    assert "about 20 passes" in shown.said
    more = linnaeus.augment(some_digits, augment=shown.plan, settings={"network.augment.zoom": 0.4})
    assert more.plan == shown.plan.model_copy(update={"zoom": 0.4})


def test_pictures_of_several_labels_have_a_sheet_too(pairs_table: Path) -> None:
    options = {"label_separator": "|", "settings": {"network.augment.cutmix": 1}}
    shown = linnaeus.augment(pairs_table, **options)  # type: ignore[arg-type]
    assert "CutMix" in shown.said
    assert shown.left_out == 0  # each of four labels is on some of the sixteen
    assert shown.sheet.height > 16 * 64  # rows of pictures that are half as high as wide


def test_what_cannot_be_meant_is_refused(some_digits: linnaeus.Dataset, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the sheet is a PNG file"):
        linnaeus.augment(some_digits, out=tmp_path / "views.gif")
    with pytest.raises(UsageError, match='--augment: "strong" is not one of'):
        linnaeus.augment(some_digits, augment="strong")
    assert list(tmp_path.iterdir()) == []
