"""Promises are judged on the test, told in the report, and used by predict."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import linnaeus
from linnaeus.bundle.held_out import HELD_OUT_FILE, HeldOut
from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import BundleError
from linnaeus.evaluation.promises import kept_promises
from linnaeus.manifest import write_manifest

if TYPE_CHECKING:
    from linnaeus.training.run import Run

CLASSES = ("oak", "elm", "ash")


def predictions(seed: int, pictures: int) -> Predictions:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(pictures, 3)) * 2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.minimum((p.cumsum(axis=1) < random.random((pictures, 1))).sum(axis=1), 2)
    names = tuple(f"{seed}-{number}" for number in range(pictures))
    return Predictions(names, CLASSES, p.astype(np.float32), labels.astype(np.int64))


def test_the_area_under_risk_and_coverage_is_that_of_its_definition() -> None:
    test = Predictions(
        ("a", "b", "c", "d"),
        CLASSES,
        np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.6, 0.4, 0]], np.float32),
        np.array([0, 1, 0, 0]),
    )
    old = predictions(0, 200)
    held_out = HeldOut.of(old.ids, old.probabilities, old.labels)
    kept = kept_promises(test, held_out, resamples=100)
    # Of the surest 1, 2, 3 and 4 answers 0, 1, 1 and 1 are wrong.
    assert kept.risk_area.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert [point.coverage for point in kept.risk_curve] == pytest.approx([0.25, 0.5, 0.75, 1])
    assert [point.risk for point in kept.risk_curve] == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])


def test_coverage_sizes_and_errors_are_counted_on_the_test() -> None:
    old, new = predictions(1, 3000), predictions(2, 3000)
    kept = kept_promises(new, HeldOut.of(old.ids, old.probabilities, old.labels), resamples=100)
    ninety = kept.at(0.9, "lac")
    assert ninety.covered.low < 0.9 < ninety.covered.high
    assert sum(ninety.sizes.values()) == 3000
    assert ninety.mean_size == pytest.approx(sum(s * n for s, n in ninety.sizes.items()) / 3000)
    ten = next(rule for rule in kept.silence if rule.max_error == 0.1)
    assert ten.error is not None
    assert ten.error.value <= 0.1
    assert 0 < ten.answered.value < 1


def test_groups_make_the_intervals_wider() -> None:
    old, new = predictions(3, 1000), predictions(4, 50)
    twenty_each = Predictions(
        tuple(f"{name}-{copy}" for name in new.ids for copy in range(20)),
        CLASSES,
        np.repeat(new.probabilities, 20, axis=0),
        np.repeat(new.labels, 20),
    )
    held_out = HeldOut.of(old.ids, old.probabilities, old.labels)
    alone = kept_promises(twenty_each, held_out, resamples=200).risk_area
    grouped = kept_promises(
        twenty_each, held_out, groups=np.repeat(np.arange(50), 20), resamples=200
    ).risk_area
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_a_run_tells_of_its_promises(digits_run: Run) -> None:
    figures = json.loads((digits_run.folder / "report" / "metrics.json").read_text("utf-8"))
    promises = figures["promises"]
    assert promises["held_out"] == figures["validation"]["images"]
    assert {row["method"] for row in promises["label_sets"]} == {
        "lac", "aps", "raps", "class-conditional",
    }  # fmt: skip
    page = (digits_run.folder / "report" / "index.html").read_text("utf-8")
    assert "When to ask a person" in page
    assert "cannot be promised" in page  # of so few held-out pictures, 1 % cannot


def test_a_bundle_promises_sets_and_silence(digits_run: Run, some_digits: linnaeus.Dataset) -> None:
    classifier = digits_run.classifier()
    pictures = [some_digits.source.read(some_digits.paths[row]) for row in range(12)]
    answered = classifier.predict(pictures)
    promised = classifier.promise(answered, coverage=0.99, max_error=0.5)
    assert promised.inside is not None
    assert promised.given is not None
    assert promised.inside.shape == (12, 10)
    assert promised.inside.sum(axis=1).mean() >= 1  # at 99 % of hurriedly learnt digits
    for place, one in enumerate(answered):
        if promised.inside[place].any():
            assert one.label in promised.labels(place, answered.classes)


def test_a_bundle_without_held_out_pictures_promises_nothing(
    digits_run: Run, tmp_path: Path
) -> None:
    older = tmp_path / "bundle"
    shutil.copytree(digits_run.bundle, older)
    (older / HELD_OUT_FILE).unlink()
    (older / "manifest.json").unlink()
    write_manifest(older)
    classifier = linnaeus.load(older)
    answered = classifier.predict(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(BundleError, match="can promise nothing"):
        classifier.promise(answered, coverage=0.9)
