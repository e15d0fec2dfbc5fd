"""What a run says of its groups and its calibration is what it did."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import linnaeus

if TYPE_CHECKING:
    from linnaeus import Dataset
    from linnaeus.training.run import Run

pytest.importorskip("torch")

QUICK: dict[str, Any] = {"model": "small_cnn", "epochs": 1, "precision": "float32"}


def numbers_of(run: Run) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run.folder / "report/metrics.json").read_text("utf-8"))
    return document


def pages_of(run: Run) -> str:
    """The report's page and the model card, one after the other."""
    report, card = run.folder / "report/index.html", run.bundle / "MODEL_CARD.md"
    return report.read_text("utf-8") + card.read_text("utf-8")


@pytest.mark.slow
def test_groups_count_in_every_part_that_is_judged(tmp_path: Path, some_digits: Dataset) -> None:
    group_of = {path: f"writer {i // 6}" for i, path in enumerate(some_digits.paths)}
    grouped = replace(some_digits, groups=np.array([group_of[p] for p in some_digits.paths]))
    run = linnaeus.train(grouped, out=tmp_path / "run", **QUICK)
    with (run.folder / "split.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    numbers = numbers_of(run)
    for split in ("validation", "test"):
        writers = {group_of[row["image"]] for row in rows if row["split"] == split}
        assert numbers[split]["groups"] == len(writers) < numbers[split]["images"]


def test_without_validation_nothing_claims_a_calibration(
    tmp_path: Path, some_digits: Dataset
) -> None:
    run = linnaeus.train(some_digits, out=tmp_path / "run", val=0.0, **QUICK)
    bundle = numbers_of(run)["bundle"]
    assert bundle["temperature"] is None
    assert bundle["uncalibrated_error"] is None
    for claim in ("calibrated by", "tuned on a second"):
        assert claim not in pages_of(run)
    assert "holds 4 pictures of the train split" in pages_of(run)


def test_with_validation_the_calibration_is_told(digits_run: Run) -> None:
    calibration = digits_run.classifier().record.calibration
    told = numbers_of(digits_run)["bundle"]
    assert told["calibration"]["method"] == calibration.method != "none"
    assert told["temperature"] == calibration.temperature
    assert {"none", "temperature"} <= set(told["calibration"]["log_losses"])
    pages = pages_of(digits_run)
    assert pages.count(f"calibrated {calibration.in_words}, fitted on validation") == 2
