"""Likely label errors in real pictures, with labels changed on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from linnaeus import Dataset, load_dataset
from linnaeus.auditing.features import Features, audit_features
from linnaeus.auditing.label_errors import label_error_finding, label_errors
from linnaeus.data.scan import scan

pytest.importorskip("skimage")

Rows = NDArray[np.int64]
Described = tuple[Dataset, Features]


@pytest.fixture(scope="module")
def waste(shared_data: Callable[[str], Path]) -> Described:
    """Every other photograph of trashnet192, described without a backbone."""
    dataset = load_dataset(shared_data("trashnet192.zip"))
    half = dataset.subset(range(0, len(dataset), 2))
    return half, audit_features(half, scan(half))


def mislabelled(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Rows]:
    """The set with a share of its labels changed to another at random, and the rows of them."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(dataset), round(share * len(dataset)), replace=False)
    labels = dataset.labels.copy()
    classes = len(dataset.classes)
    labels[rows] = (labels[rows] + random.integers(1, classes, len(rows))) % classes
    return replace(dataset, labels=labels), rows


@pytest.mark.parametrize("seed", [0, 1])
def test_most_planted_errors_stand_in_the_first_tenth_of_the_ranking(
    waste: Described, seed: int
) -> None:
    dataset, features = waste
    spoilt, planted = mislabelled(dataset, 0.05, seed)
    errors = label_errors(spoilt, features)
    assert errors is not None
    assert sorted(errors.rows) == list(range(len(dataset)))
    assert (np.diff(errors.suspicion) <= 0).all()
    assert np.isin(planted, errors.rows[: len(dataset) // 10]).mean() >= 0.7
    found = errors.rows[errors.flagged]
    assert np.isin(planted, found).mean() > 0.7
    assert np.isin(found, planted).mean() > 0.3
    true_label = dict(zip(planted.tolist(), dataset.labels[planted], strict=True))
    suggested = [s == true_label[r] for r, s in zip(errors.rows, errors.suggested, strict=True)
                 if r in true_label]  # fmt: skip
    assert np.mean(suggested) > 0.7


def test_few_labels_are_flagged_where_none_was_changed(waste: Described) -> None:
    dataset, features = waste
    errors = label_errors(dataset, features)
    assert errors is not None
    assert np.count_nonzero(errors.flagged) < 0.04 * len(dataset)
    assert errors.share.value < 0.02


def test_the_estimate_holds_what_was_planted(waste: Described) -> None:
    spoilt, planted = mislabelled(waste[0], 0.1, seed=3)
    errors = label_errors(spoilt, waste[1])
    assert errors is not None
    assert errors.share.low < len(planted) / len(spoilt) < errors.share.high


def test_the_ranking_is_the_same_every_time(waste: Described) -> None:
    one, other = (label_errors(*waste) for _ in range(2))
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.suspicion, other.suspicion)


def test_the_finding_names_the_most_suspicious_first_with_what_it_looks_like(
    waste: Described,
) -> None:
    spoilt, planted = mislabelled(waste[0], 0.05, seed=2)
    errors = label_errors(spoilt, waste[1])
    assert errors is not None
    finding = label_error_finding(spoilt, errors)
    assert finding is not None
    assert (finding.kind, finding.severity) == ("label-errors", "warning")
    assert finding.count == len(finding.files) == len(finding.reasons)
    paths = [path for (path,) in finding.files]
    assert paths == [spoilt.paths[row] for row in errors.rows[errors.flagged]]
    row = next(r for r in errors.rows[errors.flagged] if r in planted)
    given = spoilt.classes[spoilt.labels[row]]
    assert finding.reasons[spoilt.paths[row]].startswith(f"labelled '{given}', looks like '")
    assert f"{finding.count} of 1,264 labels look wrong" in finding.sentence
    assert finding.figures["estimated_low"] <= finding.figures["estimated_errors"]


def test_copies_that_share_a_wrong_label_do_not_vouch_for_each_other(waste: Described) -> None:
    dataset, features = waste
    # Three copies of one photograph of cardboard, all called glass.
    cardboard = np.flatnonzero(dataset.labels == dataset.classes.index("cardboard"))[[0, 1, 2]]
    values = features.values.copy()
    values[cardboard] = values[cardboard[0]]
    labels = dataset.labels.copy()
    labels[cardboard] = dataset.classes.index("glass")
    spoilt = replace(dataset, labels=labels)
    copied = replace(features, values=values)
    pairs = np.array([cardboard[[0, 1]], cardboard[[1, 2]]])
    blind, told = (label_errors(spoilt, copied, near=near) for near in (None, pairs))
    assert blind is not None and told is not None
    place = [int(np.flatnonzero(e.rows == cardboard[0])[0]) for e in (blind, told)]
    assert place[1] < place[0]
    assert place[1] < len(dataset) // 10


def test_classes_too_small_to_judge_are_left_out_and_told(waste: Described) -> None:
    dataset, features = waste
    trash = np.flatnonzero(dataset.labels == dataset.classes.index("trash"))
    keep = np.setdiff1d(np.arange(len(dataset)), trash[4:])
    few = dataset.subset(keep)
    spoilt, _ = mislabelled(few, 0.0, seed=0)
    errors = label_errors(spoilt, Features(features.values[keep], np.arange(len(keep)), "HOG"))
    assert errors is not None
    assert errors.unjudged == ("trash",)
    assert dataset.classes.index("trash") not in errors.given
    finding = label_error_finding(spoilt, errors)
    assert finding is not None
    assert "1 class is too small to judge" in finding.sentence


class Heard:
    """A Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    warn = say


@pytest.mark.parametrize("case", ["several labels", "tiny"])
def test_what_cannot_be_judged_is_told(waste: Described, case: str) -> None:
    dataset, features = waste
    if case == "several labels":
        sets = np.eye(len(dataset.classes), dtype=bool)[dataset.labels]
        dataset = replace(dataset, labels=np.full(len(dataset), -1), label_sets=sets)
    else:
        dataset = dataset.subset(range(4))
        features = Features(features.values[:4], np.arange(4), "HOG")
    heard = Heard()
    assert label_errors(dataset, features, progress=heard) is None  # type: ignore[arg-type]
    assert heard.sentences[0].startswith("Label errors are not looked for")


def test_pictures_without_a_label_are_not_ranked(waste: Described) -> None:
    dataset, features = waste
    labels = dataset.labels.copy()
    labels[::10] = -1
    errors = label_errors(replace(dataset, labels=labels), features)
    assert errors is not None
    assert not np.isin(errors.rows, np.arange(0, len(dataset), 10)).any()
