"""Why classes are hard: planted reasons are found, and no others are made up."""

from __future__ import annotations

import numpy as np
import pytest

from linnaeus.evaluation.hardness import class_hardness, looks_of
from linnaeus.evaluation.pareto import pareto_front


def planted(counts: list[int], spreads: list[float], places: list[float]) -> tuple[np.ndarray, ...]:
    """Features (n, 8) around `places` on the first axis, as wide as `spreads`, and labels."""
    random = np.random.default_rng(3)
    labels = np.repeat(np.arange(len(counts)), counts)
    features = random.normal(0, 1, (len(labels), 8)) * np.array(spreads)[labels][:, None]
    features[:, 0] += np.array(places)[labels]
    return features.astype(np.float32), labels


def test_planted_reasons_are_found() -> None:
    features, labels = planted([400, 400, 60, 400], [1, 2, 1, 1], [0, 40, 41.0, 80])
    looks = looks_of(features, labels, 4, "planted numbers")
    confusion = np.array([[396, 4, 0, 0], [0, 380, 12, 8], [0, 24, 36, 0], [0, 0, 0, 400]])
    rare, varied, *easy = class_hardness([confusion, confusion], ("a", "b", "c", "d"), looks)
    assert (rare.name, rare.images, rare.recall) == ("c", 60, pytest.approx(0.6))
    assert (rare.rival, rare.taken) == ("b", pytest.approx(0.4))
    assert rare.reasons == ("few", "near", "mixed up")
    assert (varied.name, varied.rival) == ("b", "c")
    assert "varied" in varied.reasons
    assert [one.reasons for one in easy] == [(), ()]


def test_a_spread_is_that_of_the_pictures() -> None:
    features, labels = planted([3000, 3000], [1.0, 2.0], [0, 0])
    looks = looks_of(features, labels, 2, "planted numbers")
    assert looks.spread[1] / looks.spread[0] == pytest.approx(4.0, rel=0.05)


def test_a_class_of_one_picture_has_no_spread() -> None:
    features, labels = planted([30, 1], [1.0, 1.0], [0, 9])
    looks = looks_of(features, labels, 2, "planted numbers")
    assert np.isnan(looks.spread[1])
    found = class_hardness([np.array([[30, 0], [1, 0]])], ("a", "b"), looks)
    assert found[0].spread is None


def test_without_features_size_and_confusion_still_speak() -> None:
    (hardest, *_) = class_hardness([np.array([[90, 10], [2, 2]])], ("a", "b"))
    assert (hardest.name, hardest.rival, hardest.spread) == ("b", "a", None)
    assert hardest.reasons == ("few", "mixed up")


def test_the_front_is_what_nothing_beats() -> None:
    assert pareto_front([3.0, 1.0, 2.0, 2.0, 5.0], [0.9, 0.5, 0.7, 0.8, 0.9]) == [1, 3, 0]
