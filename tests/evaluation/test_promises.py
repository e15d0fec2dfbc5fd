"""Promises are judged on the test, told in the report, and used by predict."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from answers import alike, random_labels

import linnaeus
from linnaeus.bundle.held_out import HELD_OUT_FILE, HeldOut
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.errors import BundleError
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.promises import kept_promises, nothing_promised
from linnaeus.evaluation.set_sizes import mean_size_figure
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
    assert kept.risk.area.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert [point.coverage for point in kept.risk.curve] == pytest.approx([0.25, 0.5, 0.75, 1])
    risks = [point.risk.value for point in kept.risk.curve]
    assert risks == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])


def test_coverage_sizes_and_errors_are_counted_on_the_test() -> None:
    old, new = predictions(1, 3000), predictions(2, 3000)
    kept = kept_promises(new, HeldOut.of(old.ids, old.probabilities, old.labels), resamples=100)
    ninety = kept.at(0.9, "lac")
    assert ninety.covered.low < 0.9 < ninety.covered.high
    assert sum(ninety.sizes.values()) == 3000
    mean = sum(s * n for s, n in ninety.sizes.items()) / 3000
    assert ninety.mean_size.value == pytest.approx(mean)
    assert 0 < mean - ninety.mean_size.low < 0.05
    assert 0 < ninety.mean_size.high - mean < 0.05
    for share, counted in (
        (ninety.empty, ninety.sizes.get(0, 0)),
        (ninety.single, ninety.sizes[1]),
        (ninety.several, ninety.sizes[2] + ninety.sizes.get(3, 0)),
    ):
        assert share.value == pytest.approx(counted / 3000)
        assert share.low <= share.value < share.high
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
    alone = kept_promises(twenty_each, held_out, resamples=200).risk.area
    grouped = kept_promises(
        twenty_each, held_out, groups=np.repeat(np.arange(50), 20), resamples=200
    ).risk.area
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
    digits_run: Run, some_digits: linnaeus.Dataset, tmp_path: Path
) -> None:
    older = tmp_path / "bundle"
    shutil.copytree(digits_run.bundle, older)
    (older / HELD_OUT_FILE).unlink()
    (older / "manifest.json").unlink()
    write_manifest(older)
    classifier = linnaeus.load(older)
    answered = classifier.predict(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(BundleError, match="can promise nothing") as raised:
        classifier.promise(answered, coverage=0.9)
    assert raised.value.where == str(older)
    assert raised.value.mend == "Train again with validation pictures (--val above 0)."
    judged = linnaeus.evaluate(older, some_digits, out=tmp_path / "judged")
    assert judged.report is not None
    told = json.loads(judged.report.with_name("metrics.json").read_text("utf-8"))["promises"]
    assert told["why_none"].endswith("held-out pictures, of which this bundle kept none.")
    assert told["risk_area"]["low"] < told["risk_area"]["high"]


def test_answers_in_a_table_have_the_risk_of_a_bundles_and_say_what_is_missing(
    tmp_path: Path,
) -> None:
    """In one table or, fold by fold, in several."""
    answers = predictions(5, 200)
    halves = [
        dataclasses.replace(
            answers,
            ids=answers.ids[rows],
            labels=answers.labels[rows],
            probabilities=answers.probabilities[rows],
        )
        for rows in (slice(100), slice(100, 200))
    ]
    for at, some in enumerate((answers, *halves)):
        write_csv(tmp_path / f"{at}.csv", some)
    held_out = HeldOut.of(answers.ids, answers.probabilities, answers.labels)
    of_bundle = kept_promises(answers, held_out).to_json()
    for tables in ([0], [1, 2]):
        paths = [tmp_path / f"{at}.csv" for at in tables]
        judged = linnaeus.evaluate(predictions=paths, out=tmp_path / f"judged {tables}")
        assert judged.report is not None
        told = json.loads(judged.report.with_name("metrics.json").read_text())["promises"]
        for part in ("risk_area", "risk_curve", "answerable"):
            assert alike(told[part], of_bundle[part])
        assert (told["held_out"], told["label_sets"], told["silence"]) == (0, [], [])
        assert "a table of answers does not give" in told["why_none"]
        assert told["why_none"] in judged.report.read_text("utf-8")


def test_of_several_labels_no_risk_is_told() -> None:
    assert nothing_promised(random_labels(0, 50, 3), "It is a table.", resamples=100) is None


def test_the_mean_size_of_sets_knows_of_sizes_that_were_not_seen() -> None:
    alike = mean_size_figure(np.ones(400, np.int64), 6, Resampling.of(400))
    assert (alike.value, alike.low < 1 < alike.high) == (1.0, True)
    assert alike.high - alike.low < 0.03
    all_of_them = mean_size_figure(np.full(50, 3), 3, Resampling.of(50))
    assert all_of_them.high == 3.0


@pytest.mark.parametrize("shares", [(0.05, 0.8, 0.15), (0.01, 0.98, 0.01), (0.3, 0.4, 0.3)])
def test_nearly_all_intervals_of_the_mean_size_hold_the_truth(shares: tuple[float, ...]) -> None:
    """Of 200; 180 or fewer would come by chance one time in a thousand."""
    random = np.random.default_rng(0)
    true = float(np.dot(shares, range(3)))
    figures = [
        mean_size_figure(random.choice(3, 400, p=shares), 6, Resampling.of(400)) for _ in range(200)
    ]
    assert sum(figure.low <= true <= figure.high for figure in figures) > 180
