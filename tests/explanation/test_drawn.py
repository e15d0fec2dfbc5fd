"""Pictures to explain come from wherever those to predict do, and of many some are drawn."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import linnaeus
from linnaeus.errors import DataError, UsageError
from linnaeus.explanation.drawn import drawn
from linnaeus.predicting.picture import Picture, Source
from linnaeus.progress import Quiet
from linnaeus.training.run import Run


class Told(Quiet):
    """A progress that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def told() -> Told:
    return Told()


def of(count: int, *, told: bool = True) -> Source:
    """Pictures called 0, 1, 2, …, of which it is known before how many they are, or not."""
    names = map(str, range(count))
    return Source(lambda: (Picture(name, b"") for name in names), count if told else None)


def test_archives_and_patterns_give_what_their_files_do(digits_run: Run, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8), np.uint8)
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, one in zip(files, pixels, strict=True):
        Image.fromarray(one).save(file)
    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for file in files:
            opened.write(file, f"in/{file.name}")
        opened.writestr("in/broken.png", b"no picture")
    boxes = tmp_path / "boxes.csv"
    rows = [f"{name},0,0,8,8" for name in ("in/a.png", "in/b.png", *map(str, files))]
    boxes.write_text("\n".join(["image,left,top,right,bottom", *rows]), "utf-8")
    explained = linnaeus.explain(
        digits_run.bundle, [archive, f"{tmp_path}/*.png"], method="saliency", boxes=boxes
    )
    names = [one.id for one in explained.explanations]
    assert names == [f"{archive}/in/a.png", f"{archive}/in/b.png", *map(str, files)]
    assert list(explained.skipped) == [f"{archive}/in/broken.png"]
    maps = [one.maps["saliency"] for one in explained.explanations]
    np.testing.assert_allclose(maps[:2], maps[2:], rtol=1e-4, atol=1e-6)
    assert not np.allclose(maps[0], maps[1])
    pointing = explained.trust[0].pointing
    assert pointing is not None
    assert pointing.value == 1  # the boxes are the whole pictures


def test_of_a_data_set_that_is_named_some_are_drawn(digits_run: Run, told: Told) -> None:
    explained = linnaeus.explain(
        digits_run.bundle, "digits", limit=3, method="saliency", progress=told
    )
    names = [one.id for one in explained.explanations]
    assert len(names) == 3
    assert all(name.startswith("digits/") for name in names)
    assert any(sentence.startswith("3 of 1,797 pictures") for sentence in told.said)


def test_drawing_is_even_keeps_the_order_and_hangs_on_the_seed(told: Told) -> None:
    def places(seed: int) -> list[int]:
        return [int(one.name) for one in drawn([of(1000)], 100, seed, told)]

    assert places(0) == places(0) != places(1)
    for seed in range(3):
        assert places(seed) == sorted(set(places(seed)))
        assert len(places(seed)) == 100
    together = [place for seed in range(20) for place in places(seed)]
    assert 470 < np.mean(together) < 530  # 499.5, five standard errors of 6.1 to each side
    assert [one.name for one in drawn([of(3)], 5, 0, Told())] == ["0", "1", "2"]


def test_it_is_said_how_to_take_fewer_of_many(told: Told) -> None:
    assert len([*drawn([of(200)], None, 0, told)]) == 200
    assert told.said == []
    assert len([*drawn([of(200), of(1)], None, 0, told)]) == 201
    assert len([*drawn([of(201, told=False)], None, 0, told)]) == 201
    assert [sentence.partition(" pictures")[0] for sentence in told.said] == [
        "201",
        "More than 200",
    ]
    assert all("--limit" in sentence for sentence in told.said)


def test_nothing_to_explain_is_said(digits_run: Run, tmp_path: Path, told: Told) -> None:
    (tmp_path / "list").write_text("\n")
    with pytest.raises(DataError, match="no picture is named"):
        linnaeus.explain(digits_run.bundle, files_from=tmp_path / "list")
    with pytest.raises(UsageError, match="no pictures are named"):
        linnaeus.explain(digits_run.bundle)
    with pytest.raises(UsageError, match="no picture is left"):
        drawn([of(3)], 0, 0, told)
