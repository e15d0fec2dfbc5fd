"""The main job through the command line: train on digits, read the report, predict, evaluate."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from command_line import environment, linnaeus
from linnaeus import load_dataset

pytest.importorskip("torch")
pytest.importorskip("sklearn")

WITHOUT = """
import json, sys
heavy = ("torch", "torchvision", "timm", "sklearn", "scipy", "matplotlib", "onnx")
for name in (*heavy, *sys.argv[3:]):
    sys.modules[name] = None  # any import of it fails
import linnaeus
classifier = linnaeus.load(sys.argv[1])
answered = classifier.predict(sys.argv[2])
print(json.dumps([answered.probabilities.tolist(), classifier.engine, classifier.notices]))
"""
LOADED = """
import sys
sys.argv = ["linnaeus", *sys.argv[1:]]
from linnaeus.cli.main import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
heavy = ("torch", "torchvision", "timm", "sklearn", "scipy", "matplotlib", "onnx")
print("LOADED", *(name for name in heavy if name in sys.modules))
"""


class Demo:
    """A finished `linnaeus train digits`: how it ended, and its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        asked = ("--model", "small_cnn", "--epochs", "8")
        self.done = linnaeus("train", "digits", "--out", self.folder, *asked)
        figures = self.folder / "report" / "metrics.json"
        self.figures = json.loads(figures.read_text(encoding="utf-8"))
        self.page = (self.folder / "report" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def digit_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 30 digits, three of each, in class folders."""
    digits = load_dataset("digits")
    folder = tmp_path_factory.mktemp("some digits")
    for label in range(10):
        (folder / str(label)).mkdir()
        for row in np.flatnonzero(digits.labels == label)[:3]:
            path = digits.paths[row]
            (folder / path).write_bytes(digits.source.read(path))
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


# train


def test_it_ends_well_and_says_where_the_report_is(demo: Demo) -> None:
    assert demo.done.code == 0
    assert f"Report: {demo.folder / 'report' / 'index.html'}" in demo.done.out
    assert f"Bundle: {demo.folder / 'bundle'}" in demo.done.out
    assert demo.done.out.startswith("Right ")
    assert "Traceback" not in demo.done.err


def test_it_is_right_in_96_of_100_held_out_digits(demo: Demo) -> None:
    test = demo.figures["test"]
    assert test["accuracy"]["value"] >= 0.96
    assert test["accuracy"]["low"] < test["accuracy"]["value"] <= test["accuracy"]["high"]
    assert test["majority_class_accuracy"]["value"] < 0.2
    rows = rows_of(demo.folder / "predictions.csv")
    right = np.mean([row["label"] == row["prediction"] for row in rows])
    assert test["accuracy"]["value"] == pytest.approx(right)
    assert test["images"] == len(rows)


def test_no_test_picture_was_learnt_from(demo: Demo) -> None:
    split = rows_of(demo.folder / "split.csv")
    tested = {row["image"] for row in rows_of(demo.folder / "predictions.csv")}
    assert tested == {row["image"] for row in split if row["split"] == "test"}
    digests = {
        name: {r["sha256"] for r in split if r["split"] == name} for name in ("train", "test")
    }
    assert not digests["train"] & digests["test"]


class References(HTMLParser):
    """Everything in a page that a browser would fetch or open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset", "href", "data", "poster", "action", "xlink:href"):
                self.fetched.append(value or "")


def test_the_report_is_one_file_that_needs_no_network(demo: Demo) -> None:
    fetched = References(demo.page).fetched
    assert [one for one in fetched if not one.startswith(("data:", "#"))] == []
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:|#)", demo.page)
    assert "fetch(" not in demo.page
    assert "<script src" not in demo.page
    assert sorted(file.name for file in (demo.folder / "report").iterdir()) == [
        "index.html",
        "metrics.json",
    ]


def test_the_report_opens_with_what_was_said(demo: Demo) -> None:
    first = demo.done.out.splitlines()[0]
    assert first.rstrip(".") in re.sub(r"\s+", " ", demo.page)
    assert demo.figures["plain_words"][0] == first
    assert demo.figures["schema_version"] == 1


# predict


def test_predict_answers_a_file_a_folder_and_several(demo: Demo, digit_files: Path) -> None:
    one = digit_files / "7" / next((digit_files / "7").iterdir()).name
    alone = linnaeus("predict", demo.folder / "bundle", one)
    assert (alone.code, alone.err.count("Could not")) == (0, 0)
    name, label, confidence = alone.out.strip().split("\t")
    assert (name, label) == (str(one), "7")
    assert 0 < float(confidence) <= 1
    many = linnaeus("predict", demo.folder, digit_files, one)
    assert many.code == 0
    assert len(many.out.splitlines()) == 31
    assert many.out.splitlines()[-1] == alone.out.strip()


def test_predict_writes_a_table_with_the_answers_of_the_api(
    demo: Demo, digit_files: Path, tmp_path: Path
) -> None:
    from linnaeus import load

    done = linnaeus("predict", demo.folder / "bundle", digit_files, "--out", tmp_path / "out.csv")
    assert done.code == 0
    rows = rows_of(tmp_path / "out.csv")
    assert [row["image"] for row in rows] == [str(f) for f in sorted(digit_files.rglob("*.pgm"))]
    right = [row["prediction"] == Path(row["image"]).parent.name for row in rows]
    assert np.mean(right) > 0.95
    classifier = load(demo.folder / "bundle")
    table = [[row[f"p:{name}"] for name in classifier.classes] for row in rows]
    answered = classifier.predict([row["image"] for row in rows]).probabilities
    assert np.array_equal(np.array(table).astype(np.float32), answered)


def test_predict_keeps_the_row_of_a_picture_that_cannot_be_read(
    demo: Demo, digit_files: Path, tmp_path: Path
) -> None:
    good = sorted(digit_files.rglob("*.pgm"))[:2]
    bad = tmp_path / "letter.png"
    bad.write_bytes(b"Dear Sir or Madam,")
    table = tmp_path / "out.csv"
    done = linnaeus("predict", demo.folder / "bundle", good[0], bad, good[1], "--out", table)
    assert done.code == 7
    assert f"Could not be read: {bad}: this is not a picture" in done.err
    rows = rows_of(table)
    assert [row["image"] for row in rows] == [str(good[0]), str(bad), str(good[1])]
    assert [bool(row["error"]) for row in rows] == [False, True, False]
    assert rows[1]["prediction"] == rows[1]["p:0"] == ""
    assert linnaeus("predict", demo.folder / "bundle", bad).code == 7


def test_predict_names_a_path_that_is_not_there_and_a_folder_without_pictures(
    demo: Demo, tmp_path: Path
) -> None:
    missing = linnaeus("predict", demo.folder / "bundle", tmp_path / "none.jpg")
    assert missing.code == 3
    assert missing.sentence.startswith(f"{tmp_path / 'none.jpg'}: there is no such file")
    (tmp_path / "notes.txt").write_text("no picture")
    empty = linnaeus("predict", demo.folder / "bundle", tmp_path)
    assert empty.code == 3
    assert empty.sentence.startswith(f"{tmp_path}: no pictures are in this folder")


def test_predict_loads_nothing_that_learns(demo: Demo, digit_files: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED, "predict", str(demo.folder / "bundle"), str(digit_files)],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert told.stdout.splitlines()[-1].split() == ["LOADED"]


@pytest.mark.parametrize("also", [[], ["openvino"]], ids=["no torch", "no torch, no openvino"])
def test_the_bundle_answers_alike_where_torch_cannot_be_imported(
    demo: Demo, digit_files: Path, also: list[str]
) -> None:
    from linnaeus import load

    file = next((digit_files / "4").iterdir())
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(demo.folder / "bundle"), str(file), *also],
        capture_output=True,
        text=True,
        check=True,
    )
    probabilities, engine, notices = json.loads(told.stdout)
    here = load(demo.folder / "bundle")
    difference = np.abs(here.predict(file).probabilities - np.array(probabilities)).max()
    assert difference <= (0 if engine == here.engine else 0.02)
    assert bool(notices) == (engine != here.engine), "another runtime must not go unsaid"


# evaluate


def test_evaluate_judges_only_what_was_not_learnt_from(demo: Demo, tmp_path: Path) -> None:
    done = linnaeus("evaluate", demo.folder, "digits", "--out", tmp_path / "judged")
    assert done.code == 0
    held_out = demo.figures["test"]
    assert f"On {held_out['images']:,} pictures" in done.out
    assert "are left out, because the bundle was trained" in done.out
    judged = json.loads((tmp_path / "judged" / "report" / "metrics.json").read_text("utf-8"))
    assert judged["test"]["accuracy"] == held_out["accuracy"]
    assert judged["test"]["log_loss"]["value"] == pytest.approx(held_out["log_loss"]["value"])
    used = linnaeus("evaluate", demo.folder, "digits", "--out", tmp_path / "judged")
    assert used.code == 6
    assert "already exists" in used.sentence


def test_evaluate_tells_of_strange_classes_and_of_seen_pictures(
    demo: Demo, digit_files: Path, tmp_path: Path
) -> None:
    split = {row["image"]: row["split"] for row in rows_of(demo.folder / "split.csv")}
    for path, side in split.items():
        if side == "train" and (digit_files / path).exists():
            (tmp_path / "seen" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "seen" / path).write_bytes((digit_files / path).read_bytes())
    seen = linnaeus("evaluate", demo.folder, tmp_path / "seen")
    assert seen.code == 3
    assert "trained on every one of these pictures" in seen.sentence
    (tmp_path / "seen" / "0").rename(tmp_path / "seen" / "zero")
    strange = linnaeus("evaluate", demo.folder, tmp_path / "seen")
    assert strange.code == 3
    assert "the bundle knows no class 'zero'" in strange.sentence


# bundles that are not as they were made


def test_a_bundle_that_was_changed_is_refused_by_name(
    demo: Demo, digit_files: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(demo.folder / "bundle", bundle)
    with (bundle / "MODEL_CARD.md").open("a") as card:
        card.write("Perfect.\n")
    for verb, given in (("predict", digit_files), ("evaluate", "digits")):
        done = linnaeus(verb, bundle, given)
        assert done.code == 4
        assert done.sentence.startswith(f"{bundle / 'MODEL_CARD.md'}: was changed")
    assert linnaeus("predict", tmp_path, digit_files).code == 4
