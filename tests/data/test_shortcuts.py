"""Properties of files that give a class away are named, with what a model would get from them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from linnaeus import load_dataset
from linnaeus.data.audit import audit
from linnaeus.data.dataset import Dataset
from linnaeus.data.findings import Finding
from linnaeus.data.scan import scan
from linnaeus.data.told_alone import ToldAlone, binned, folds_of, told_alone

Planting = Callable[[Image.Image], tuple[Image.Image, str, dict[str, int]]]

PLANTINGS: dict[str, Planting] = {
    "format": lambda image: (image, "PNG", {}),
    "mode": lambda image: (image.convert("L"), "JPEG", {"quality": 95}),
    "quality": lambda image: (image, "JPEG", {"quality": 60}),
    "size": lambda image: (image.resize((288, 216)), "JPEG", {"quality": 95}),
    "aspect": lambda image: (image.crop((20, 0, 172, 144)), "JPEG", {"quality": 95}),
}


def saved(image: Image.Image, file_format: str, **options: int) -> bytes:
    written = io.BytesIO()
    image.save(written, file_format, **options)
    return written.getvalue()


def planted(folder: Path, name: str, change: Planting) -> Path:
    """Save the pictures of the class `name` anew."""
    for file in sorted((folder / name).iterdir()):
        with Image.open(file) as image:
            image.load()
        file.unlink()
        changed, file_format, options = change(image)
        suffix = ".png" if file_format == "PNG" else ".jpg"
        file.with_suffix(suffix).write_bytes(saved(changed, file_format, **options))
    return folder


def findings(data: Path | Dataset) -> list[Finding]:
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    return list(audit(dataset, scan(dataset)).findings)


@pytest.mark.parametrize("kind", PLANTINGS)
def test_a_class_stored_otherwise_is_the_first_thing_found(photo_folder: Path, kind: str) -> None:
    change = PLANTINGS[kind]
    found = findings(planted(photo_folder, "metal", change))
    one = next(one for one in found if one.kind == f"shortcut-{kind}")
    assert found[0].kind.startswith("shortcut-")
    assert one.severity == "error"
    assert "metal (100 % right)" in one.sentence
    assert [sorted({path.split("/")[0] for path in files}) for files in one.files] == [["metal"]]
    assert len(one.files[0]) == 12
    assert set(one.reasons) == set(one.files[0])
    # Of three classes of twelve, the other two stay apart by chance only.
    assert 12 / 36 <= one.figures["accuracy"] <= 0.8
    assert one.figures["chance"] == pytest.approx(1 / 3, abs=1e-4)
    assert one.figures["accuracy_low"] < one.figures["accuracy"] < one.figures["accuracy_high"]


def test_it_stands_before_errors_of_single_files(photo_folder: Path) -> None:
    (photo_folder / "glass" / "broken.jpg").write_bytes(b"broken")
    found = findings(planted(photo_folder, "paper", PLANTINGS["format"]))
    assert [one.kind for one in found[:2]] == ["shortcut-format", "unreadable"]


def test_photographs_saved_alike_have_no_shortcut(photo_set: Path) -> None:
    assert not [one for one in findings(photo_set) if one.kind.startswith("shortcut")]


@pytest.mark.parametrize(
    "name", ["trashnet192.zip", "clothing160.tar", "sign_language_digits.tar.xz"]
)
def test_real_sets_have_no_shortcut(shared_data: Callable[[str], Path], name: str) -> None:
    dataset = load_dataset(shared_data(name))
    thinned = dataset.subset(range(0, len(dataset), 3))
    assert not [one for one in findings(thinned) if one.kind.startswith("shortcut")]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("brightness", lambda image: image.point(lambda level: level // 4)),
        ("border", lambda image: ImageOps.expand(ImageOps.crop(image, 2), 2, (200, 20, 20))),
    ],
)
def test_what_shows_in_pictures_is_a_warning(
    shared_data: Callable[[str], Path],
    tmp_path: Path,
    kind: str,
    change: Callable[[Image.Image], Image.Image],
) -> None:
    dataset = load_dataset(shared_data("trashnet192.zip"))
    for row in range(0, len(dataset), 4):
        label = dataset.classes[dataset.labels[row]]
        with Image.open(io.BytesIO(dataset.source.read(dataset.paths[row]))) as image:
            image.load()
        file = tmp_path / label / f"{row}.jpg"
        file.parent.mkdir(exist_ok=True)
        shown = change(image) if label == "glass" else image
        file.write_bytes(saved(shown, "JPEG", quality=90))
    one = next(one for one in findings(tmp_path) if one.kind == f"shortcut-{kind}")
    assert one.severity == "warning"
    assert "glass" in one.sentence
    assert {path.split("/")[0] for path in one.files[0]} == {"glass"}


def test_pictures_of_several_labels_have_shortcuts_too(photo_folder: Path) -> None:
    dataset = load_dataset(planted(photo_folder, "metal", PLANTINGS["format"]))
    sets = np.eye(3, dtype=bool)[dataset.labels]
    sets[:, 0] = True  # glass is on all of them
    several = replace(dataset, labels=np.full(len(dataset), -1), label_sets=sets)
    one = findings(several)[0]
    assert one.kind == "shortcut-format"
    assert "metal (100 % right)" in one.sentence
    assert "accuracy" not in one.figures


# The histogram by itself


def judged(
    values: np.ndarray, labels: np.ndarray, classes: int = 2, units: np.ndarray | None = None
) -> ToldAlone:
    marks = np.column_stack([np.arange(len(labels)), labels])
    folds = folds_of(np.arange(len(labels)) if units is None else units)
    return told_alone(binned(values.reshape(len(labels), -1)), marks, classes, folds)


@pytest.mark.parametrize("numbers", [1, 3])
@pytest.mark.parametrize("classes", [2, 40])
def test_noise_tells_nothing(numbers: int, classes: int) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, 4000)
    told = judged(random.normal(size=(4000, numbers)), labels, classes)
    assert told.told_low.max() < 0.55
    assert told.accuracy == pytest.approx(1 / classes, abs=0.03)


def test_of_two_overlapping_classes_it_tells_what_a_threshold_would() -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 20_000)
    told = judged(random.normal(size=20_000) + 2 * labels, labels)
    best = 0.841  # of N(0, 1) and N(2, 1) parted at 1: the normal distribution's Φ(1)
    assert told.accuracy == pytest.approx(best, abs=0.01)
    assert told.told == pytest.approx([best, best], abs=0.01)


def test_a_rare_class_with_a_value_of_its_own_is_told_among_many() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(0, 200, 10_000)
    values = random.integers(100, 1000, 10_000).astype(float)
    values[labels == 7] = 333
    told = judged(values, labels, 200)
    assert told.told[7] > 0.95
    assert np.delete(told.told_low, 7).max() < 0.6


def test_copies_of_a_picture_do_not_vouch_for_each_other() -> None:
    random = np.random.default_rng(3)
    labels, values = random.integers(0, 2, 40), random.normal(size=40)
    units = np.repeat(np.arange(40), 50)
    told = judged(np.repeat(values, 50), np.repeat(labels, 50), units=units)
    assert told.accuracy < 0.8  # 1 where each had been seen before


def test_one_class_alone_has_nothing_to_be_told_from() -> None:
    told = judged(np.random.default_rng(5).normal(size=100), np.zeros(100, np.int64), 1)
    assert told.told_low.tolist() == [0.0]


def test_nothing_readable_is_no_shortcut(photo_folder: Path) -> None:
    for file in photo_folder.rglob("*.jpg"):
        file.write_bytes(b"broken")
    dataset = load_dataset(photo_folder)
    assert {one.kind for one in findings(dataset)} == {"unreadable", "tiny-class"}
