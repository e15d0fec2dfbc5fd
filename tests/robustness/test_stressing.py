"""A stress test says where a bundle breaks, and what would help."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import linnaeus as command

pytest.importorskip("torch")

import linnaeus
from linnaeus.errors import DataError, UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.progress import Quiet
from linnaeus.robustness.advice import WAYS, advice_for
from linnaeus.robustness.beside import beside
from linnaeus.robustness.condition import Condition
from linnaeus.robustness.judged_pictures import pictures_of
from linnaeus.robustness.worst_case import worst_of_small_moves
from linnaeus.training.recipe import recipe_with
from linnaeus.training.run import Run


@pytest.fixture(scope="module")
def others() -> linnaeus.Dataset:
    """Digits that no run of the tests learns from."""
    digits = linnaeus.load_dataset("digits")
    return digits.subset(range(1, 600, 3))


def own_test_of(run: Path) -> set[str]:
    """The pictures of the run's own test."""
    with (run / "split.csv").open(encoding="utf-8", newline="") as rows:
        return {row["image"] for row in csv.DictReader(rows) if row["split"] == "test"}


def test_the_page_and_figures(digits_run: Run, others: linnaeus.Dataset, tmp_path: Path) -> None:
    out = tmp_path / "stress"
    kinds = ["gaussian-noise", "contrast", "rotation"]
    (one,) = linnaeus.stress(digits_run.bundle, others, kinds=kinds, limit=120, out=out)
    assert one.pictures == 120
    told = json.loads((out / "stress.json").read_text("utf-8"))["bundles"][0]
    assert len(told["conditions"]) == 15
    assert told["clean"]["severity"] == 0
    corrupted = [c["accuracy"]["value"] for c in told["conditions"] if c["kind"] != "rotation"]
    assert told["mean_corruption_error"] == pytest.approx(1 - np.mean(corrupted))
    assert "in the mean of the corruptions that were tried" in one.in_plain_words[0]
    assert "(between " in one.in_plain_words[0]
    assert one.worst_moves.value <= one.clean.accuracy.value
    assert told["first_falls"]["gaussian-noise"] in (1, 2, 3, 4, 5, None)
    floor = one.clean.accuracy.value - 0.1
    for kind, severity in told["first_falls"].items():
        rows = [c for c in told["conditions"] if c["kind"] == kind]
        below = [c["severity"] for c in rows if c["accuracy"]["value"] <= floor]
        assert severity == (min(below) if below else None)
    page = (out / "index.html").read_text("utf-8")
    assert page.count("<img") == 3
    assert "120 of 200 pictures, drawn" in page
    assert "Mean corruption error, of the corruptions that were tried" in page


def test_two_side_by_side_and_elsewhere(digits_run: Run, others: linnaeus.Dataset) -> None:
    first, second = linnaeus.stress(
        digits_run.bundle,
        others,
        beside=digits_run.folder,
        kinds=["fog", "fog"],
        limit=40,
        data_shift=others.subset(range(100, 200)),
    )
    assert first.conditions == second.conditions
    assert len(first.conditions) == 5  # a kind that is named twice is tried once
    assert first.elsewhere is not None
    assert first.beside is None
    assert second.beside is not None
    for gain in (second.beside.good, second.beside.corrupted):  # of a bundle against itself
        assert gain is not None
        assert gain.value == 0
        assert gain.low < 0 < gain.high
    assert "which may be chance" in " ".join(second.in_plain_words)
    assert "On the 40 pictures from elsewhere" in " ".join(first.in_plain_words)
    assert first.to_json()["elsewhere"]["pictures"] == 40
    assert (
        "Of the pictures from elsewhere: 40 of 100 pictures, drawn; --limit takes more."
        in first.remarks
    )


def test_a_bundle_that_stands_better_is_told_from_luck() -> None:
    """Each is right on 190 of 200 good pictures, one of them on many more that are blurred."""
    figure = Figure(0.5, 0.4, 0.6)
    rights = np.zeros((4, 200), bool)
    rights[0, :190] = rights[1, 10:] = rights[2, :80] = rights[3, :150] = True
    clean, other_clean, blurred, other_blurred = (
        Condition(kind, severity, figure, figure, 0.5, None, right)
        for kind, severity, right in zip(
            ("clean", "clean", "defocus-blur", "defocus-blur"), (0, 0, 1, 1), rights, strict=True
        )
    )
    turned = replace(blurred, kind="rotation", right=~rights[2])
    found = beside("a", (clean, [blurred, turned]), (other_clean, [other_blurred, turned]), None)
    assert found.good.value == 0
    assert found.good.low < 0 < found.good.high
    assert found.corrupted is not None
    assert found.corrupted.value == pytest.approx(0.35)
    assert 0.28 < found.corrupted.low < 0.33 < 0.37 < found.corrupted.high < 0.43
    assert "+35.0 in 100" in found.in_plain_words
    assert beside("a", (clean, [turned]), (other_clean, [turned]), None).corrupted is None


def test_what_cannot_be_meant_is_said(digits_run: Run, others: linnaeus.Dataset) -> None:
    with pytest.raises(UsageError, match="no change called 'rain'"):
        linnaeus.stress(digits_run.bundle, others, kinds=["rain"])
    with pytest.raises(UsageError, match="no picture is left"):
        linnaeus.stress(digits_run.bundle, others, limit=0)


def test_pictures_that_cannot_be_read_are_named_with_the_reason(
    digits_run: Run, others: linnaeus.Dataset, tmp_path: Path
) -> None:
    for row in range(0, 200, 5):
        folder = tmp_path / "data" / others.classes[others.labels[row]]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{row}.png").write_bytes(others.source.read(others.paths[row]))
    (tmp_path / "data" / others.classes[3] / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "stress"
    told = command("stress", digits_run.bundle, tmp_path / "data", "--kinds", "fog", "--out", out)
    assert told.code == 7
    assert "1 of 41 pictures could not be read." in told.out
    assert re.search(r"Could not be read: \S*half\.png: \w", told.err)
    (found,) = json.loads((out / "stress.json").read_text("utf-8"))["bundles"]
    assert found["pictures"] == 40
    ((name, why),) = found["unread"].items()
    assert name.endswith("half.png")
    page = (out / "index.html").read_text("utf-8")
    assert f"<bdi>{name}</bdi>: {why}" in page.replace("<wbr>", "")


def test_pictures_that_it_learnt_from_do_not_judge_it(
    digits_run: Run, some_digits: linnaeus.Dataset
) -> None:
    (one,) = linnaeus.stress(digits_run.bundle, some_digits, kinds=["fog"], limit=50)
    assert "left out" in " ".join(one.remarks)
    with pytest.raises(DataError, match="trained on every one"):
        seen = [
            row.split(",")[0]
            for row in (digits_run.folder / "split.csv").read_text("utf-8").splitlines()[1:]
            if row.endswith("train") or ",train," in row
        ]
        places = [some_digits.paths.index(name) for name in seen[:30]]
        linnaeus.stress(digits_run.bundle, some_digits.subset(places), kinds=["fog"])


def test_two_bundles_are_judged_on_pictures_that_neither_has_seen(
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    """They learnt from other halves of one split's pictures, and see them at other sizes."""
    other = linnaeus.train(
        some_digits, out=tmp_path / "run", model="raw+naive-bayes", seed=1, image_size=12
    )
    opened = [(run.bundle, linnaeus.load(run.bundle)) for run in (digits_run, other)]
    first, second = pictures_of(opened, some_digits, 1000, 0, Quiet())
    assert first.names == second.names
    assert first.pixels.shape[1:] == (8, 8, 3)
    assert second.pixels.shape[1:] == (12, 12, 3)
    judged = [own_test_of(run.folder) for run in (digits_run, other)]
    assert set(first.names) == judged[0] & judged[1]
    assert sum("left out" in remark for remark in first.remarks) == 2


def test_the_worst_moves_are_searched_for_pictures_of_all_classes(digits_run: Run) -> None:
    """Not for the first ones: the last third of these has labels that no answer can have."""
    pixels = np.zeros((60, 8, 8, 3), np.uint8)
    classifier = linnaeus.load(digits_run.bundle)
    (always,) = classifier.predict_pixels(pixels[:1])
    labels = np.full(60, always.likeliest)
    labels[40:] = (always.likeliest + 1) % 10
    figure, tried = worst_of_small_moves(classifier, pixels, labels, 0, Quiet(), most=30)
    assert tried == 30
    assert 0.4 < figure.value < 0.9


def test_advice_names_the_earliest_fall_and_a_recipe_that_can_be_read() -> None:
    assert advice_for({"fog": None, "rotation": None}) == []
    first, second = advice_for({"defocus-blur": 4, "motion-blur": 2, "rotation": 3})
    assert first.startswith("Motion blur costs ten points from severity 2")
    assert second.startswith("Rotation")
    for _, remedy in WAYS.values():
        for setting in re.findall(r"--set (network\.\S+?=[\d.]+)", remedy.replace("\n", " ")):
            recipe_with(None, [setting])
