"""Pictures given as unknown that are none: those of the data, which digests tell."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linnaeus import Dataset, evaluate, train
from linnaeus.errors import DataError
from linnaeus.progress import Quiet, Stage
from linnaeus.training.run import Run


class Told(Quiet):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def warn(self, sentence: str) -> None:
        self.sentences.append(sentence)


def write_digits(folder: Path, digits: Dataset, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for row in range(count):
        (folder / f"digit{row}.png").write_bytes(digits.source.read(digits.paths[row]))
    return folder


def write_noise(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for place in range(count):
        pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"noise{place}.png")
    return folder


def test_the_data_themselves_are_refused_as_unknown_pictures(
    tmp_path: Path, digits_run: Run, some_digits: Dataset
) -> None:
    folder = write_digits(tmp_path / "strangers", some_digits, 60)
    told = (
        r"^--unknown: 60 of 60 pictures given as unknown are among the pictures that the bundle"
        " learnt from"
    )
    with pytest.raises(DataError, match=told):
        evaluate(digits_run.bundle, some_digits, unknown=folder)
    told = r"^--unknown: 60 of 60 pictures given as unknown are among the pictures of the data"
    with pytest.raises(DataError, match=told):
        train(some_digits, out=tmp_path / "run", model="small_cnn", epochs=1, unknown=folder)


def test_pictures_that_are_judged_are_no_unknown_ones_though_nothing_learnt_from_them(
    tmp_path: Path, digits_run: Run, some_digits: Dataset
) -> None:
    judged = evaluate(digits_run.bundle, some_digits)
    folder = tmp_path / "strangers"
    folder.mkdir()
    for at, name in enumerate(judged.predictions.ids[:20]):
        (folder / f"{at}.png").write_bytes(some_digits.source.read(name))
    with pytest.raises(DataError, match=r"20 of 20 pictures given as unknown are"):
        evaluate(digits_run.bundle, some_digits, unknown=folder)


def test_a_few_known_ones_are_left_out_and_named(
    tmp_path: Path, digits_run: Run, some_digits: Dataset
) -> None:
    folder = write_noise(tmp_path / "strangers", 20)
    write_digits(folder, some_digits, 3)
    judged = evaluate(digits_run.bundle, some_digits, unknown=folder)
    assert judged.unknown is not None
    assert judged.unknown.given is not None
    assert judged.unknown.given.pictures == 20
    told = " ".join(judged.remarks)
    assert "3 of 23 pictures given as unknown are among the pictures that the bundle" in told
    assert all(f"digit{row}.png" in told for row in range(3))


def learnt_beside(unknown: Path, digits: Dataset, out: Path, progress: Quiet) -> Run:
    """A pass over the digits, with a folder of pictures that are unknown."""
    return train(
        digits,
        out=out,
        model="small_cnn",
        epochs=1,
        precision="float32",
        unknown=unknown,
        progress=progress,
    )


def test_training_leaves_them_out_of_both_halves_and_says_so(
    tmp_path: Path, some_digits: Dataset
) -> None:
    folder = write_noise(tmp_path / "strangers", 20)
    write_digits(folder, some_digits, 3)
    progress = Told()
    run = learnt_beside(folder, some_digits, tmp_path / "run", progress)
    told = "3 of 23 pictures given as unknown are among the pictures of the data"
    assert sum(told in sentence for sentence in progress.sentences) == 1
    page = (run.folder / "report" / "index.html").read_text("utf-8")
    assert told in page
    figures = (run.folder / "report" / "metrics.json").read_text("utf-8")
    assert '"given"' in figures


def test_the_pictures_that_are_there_when_training_begins_are_those_that_count(
    tmp_path: Path, some_digits: Dataset
) -> None:
    """A folder that fills with the data while they are learnt from ends no training of hours."""
    folder = write_noise(tmp_path / "strangers", 20)

    class Filling(Quiet):
        def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
            if name == "Learning":
                write_digits(folder, some_digits, 60)
            return super().stage(name, total)

    run = learnt_beside(folder, some_digits, tmp_path / "run", Filling())
    assert len(list(folder.iterdir())) == 80
    figures = json.loads((run.folder / "report" / "metrics.json").read_text("utf-8"))
    assert figures["unknown"]["given"]["pictures"] == 10
