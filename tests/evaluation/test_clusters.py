"""Clusters of pictures that look alike: a weak one is found and named, and chance makes none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from answers import random_answers
from numpy.typing import NDArray
from PIL import Image

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.gist import GIST, gist
from linnaeus.evaluation.k_means import k_means
from linnaeus.evaluation.slice_words import slice_words
from linnaeus.evaluation.slices import Slices, slices_of
from linnaeus.evaluation.traits import Trait

if TYPE_CHECKING:
    from linnaeus.training.run import Run

CLASSES = 4


def seen(seed: int, images: int = 600) -> tuple[Predictions, NDArray[np.float64]]:
    """Answers, and features of 20 numbers: four follow the answer, the others are noise."""
    random = np.random.default_rng(500 + seed)
    answers = random_answers(seed, images, CLASSES, skill=2.2)
    features = random.normal(size=(images, 20))
    features[:, :CLASSES] += 3 * answers.probabilities
    return answers, features


def with_dark_half(seed: int) -> tuple[Predictions, NDArray[np.float64], NDArray[np.bool_]]:
    """Half of what is called class 1 looks otherwise, and is labelled at random."""
    answers, features = seen(seed)
    random = np.random.default_rng(900 + seed)
    dark = (answers.decisions == 1) & (random.random(len(answers)) < 0.5)
    features[dark, 10:14] += 6
    labels = answers.labels.copy()
    labels[dark] = random.integers(0, CLASSES, int(dark.sum()))
    return replace(answers, labels=labels), features, dark


def judged(
    answers: Predictions, features: NDArray[np.float64], traits: Sequence[Trait] = ()
) -> Slices:
    return slices_of(answers, traits, features=features)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_weak_cluster_is_named_first(seed: int) -> None:
    answers, features, dark = with_dark_half(seed)
    brightness = np.random.default_rng(seed).normal(120, 20, len(dark)) - 80 * dark
    found = judged(answers, features, [Trait("brightness", brightness, measured=True)])
    worst = next(one for one in found.of_all if one.trait == "cluster")
    assert worst.weaker
    assert worst.value.startswith("dark pictures of ")
    members = [answers.ids.index(name) for name in worst.examples]
    assert len(members) == 6
    assert dark[members].all()
    sentence = slice_words(replace(found, of_all=(worst,)))[0]
    assert sentence.startswith(f"Weakest on “{worst.value}”, a cluster of {worst.images} pictures")
    for other in found.of_all:
        if other.trait == "cluster" and other.weaker:  # another part of the same
            assert dark[[answers.ids.index(name) for name in other.examples]].all()


def test_a_cluster_of_one_class_is_held_against_the_rest_of_that_class() -> None:
    answers, features = seen(1, 1200)
    random = np.random.default_rng(3)
    hurt = (answers.labels == 2) & (random.random(len(answers)) < 0.4)
    features[hurt, 15:19] += 4
    probabilities = answers.probabilities.copy()
    probabilities[hurt] = random.dirichlet(np.ones(CLASSES), int(hurt.sum()))
    found = judged(replace(answers, probabilities=probabilities.astype(np.float32)), features)
    worst = found.weaker_in_classes[0]
    assert (worst.trait, worst.of_class) == ("cluster", "class 2")
    assert worst.value.startswith("pictures of class 2")
    assert hurt[[answers.ids.index(name) for name in worst.examples]].all()


def test_chance_alone_is_seldom_called_a_weak_cluster() -> None:
    called = 0
    for seed in range(16):
        answers, features = seen(seed, 200)
        features[::3, 8:12] += 4  # a kind of its own, no harder than the others
        found = judged(answers, features)
        assert found.clustered
        called += bool(found.weaker or found.weaker_in_classes)
    assert called <= 3  # 5 in 100 are allowed of both together: more would come once in 100 tries


def test_whether_answers_are_right_plays_no_part_in_the_clusters() -> None:
    answers, features, _ = with_dark_half(0)
    labels = np.random.default_rng(0).permutation(answers.labels)
    found = judged(answers, features), judged(replace(answers, labels=labels), features)
    members = [
        sorted((one.images, one.examples) for one in some.of_all if one.trait == "cluster")
        for some in found
    ]
    assert members[0] == members[1]


def test_what_is_told_of_most_pictures_of_a_cluster_is_in_its_name() -> None:
    answers, features, dark = with_dark_half(3)
    site = np.where(dark, "north", "south")
    found = judged(answers, features, [Trait("site", site)])
    worst = next(one for one in found.of_all if one.trait == "cluster")
    assert ", mostly site north" in worst.value


def test_few_pictures_are_not_clustered_and_that_is_told() -> None:
    answers, features = seen(0, 39)
    found = judged(answers, features)
    assert not found.clustered
    assert "Clusters of pictures that look alike: that takes 40 pictures." in found.told


def test_heaps_that_lie_apart_are_found_and_the_same_each_time() -> None:
    random = np.random.default_rng(0)
    heap = np.repeat(np.arange(5), 30)
    points = random.normal(size=(150, 3)) + 20 * np.array(random.normal(size=(5, 3)))[heap]
    of_each, means = k_means(points, 5, seed=1)
    for one in range(5):
        (found,) = np.unique(of_each[heap == one])
        assert means[found] == pytest.approx(points[heap == one].mean(axis=0))
    assert np.array_equal(k_means(points, 5, seed=1)[0], of_each)


def test_a_gist_keeps_how_far_apart_pictures_lie() -> None:
    features = np.random.default_rng(0).normal(size=(40, 1500)).astype(np.float32)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    gists = np.stack([gist(one) for one in features])
    assert gists.shape == (40, GIST)
    exact, kept = (
        np.linalg.norm(some[:, None] - some, axis=2)[np.triu_indices(40, 1)]
        for some in (units, gists)
    )
    assert (kept / exact).mean() == pytest.approx(1, abs=0.05)
    assert (kept / exact).std() < 0.1
    assert gist(features[0, :9]) == pytest.approx(
        features[0, :9] / np.linalg.norm(features[0, :9]), rel=1e-5
    )


def test_a_bundle_is_judged_by_clusters_of_its_own_features(
    digits_run: Run, tmp_path: Path
) -> None:
    digits = linnaeus.load_dataset("digits")
    random = np.random.default_rng(0)
    unseen = [row for row in range(len(digits)) if row % 3][:500]
    for row in unseen:
        name = digits.classes[digits.labels[row]]
        pixels = np.asarray(Image.open(BytesIO(digits.source.read(digits.paths[row]))).convert("L"))
        faded = name in "038" and row % 2 == 0
        if faded:
            pixels, name = (255 - pixels // 2), str(random.integers(10))
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{row}{'-faded' if faded else ''}.png")
    found = linnaeus.evaluate(
        digits_run.folder, tmp_path / "photos", out=tmp_path / "judged", slice_by="cluster"
    )
    assert found.slices.traits == ("cluster",)
    worst = found.slices.of_all[0]
    assert worst.weaker
    assert all("faded" in name for name in worst.examples)
    page = (tmp_path / "judged/report/index.html").read_text()
    assert page.count("An example of") >= 6
    figures = json.loads((tmp_path / "judged/report/metrics.json").read_text())
    assert figures["slices"]["of_all"][0]["examples"] == list(worst.examples)
    assert (
        "cluster"
        in json.loads(digits_run.report.with_name("metrics.json").read_text())["slices"]["traits"]
    )
