"""The map of the features: like beside like, the same every time, bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linnaeus import Dataset, load_dataset
from linnaeus.auditing.feature_map import feature_map
from linnaeus.auditing.features import Features, audit_features
from linnaeus.data.scan import scan

neighbors = pytest.importorskip("sklearn.neighbors")


@pytest.fixture(scope="module")
def digits(some_digits: Dataset) -> tuple[Dataset, Features]:
    pytest.importorskip("skimage")
    return some_digits, audit_features(some_digits, scan(some_digits))


def test_pictures_of_one_class_stand_together(digits: tuple[Dataset, Features]) -> None:
    dataset, features = digits
    found = feature_map(dataset, features)
    np.testing.assert_array_equal(found.rows, np.arange(len(dataset)))
    assert found.points.shape == (len(dataset), 2)
    assert found.points.dtype == np.float32
    assert np.linalg.norm(found.points, axis=1).max() == pytest.approx(1)
    model = neighbors.KNeighborsClassifier(6).fit(found.points, dataset.labels)
    assert model.score(found.points, dataset.labels) > 0.85
    assert "t-SNE" in found.how


def test_the_same_seed_gives_the_same_map(digits: tuple[Dataset, Features]) -> None:
    dataset, features = digits
    one, other = (feature_map(dataset, features, seed=5, most=150) for _ in range(2))
    np.testing.assert_array_equal(one.points, other.points)


def test_of_many_pictures_some_are_shown_evenly_by_class(digits: tuple[Dataset, Features]) -> None:
    dataset, features = digits
    found = feature_map(dataset, features, most=100)
    assert np.bincount(dataset.labels[found.rows]).tolist() == [10] * 10


@pytest.mark.parametrize("count", [0, 1, 2, 9, 11])
def test_even_a_few_pictures_have_a_map(digits: tuple[Dataset, Features], count: int) -> None:
    dataset = digits[0].subset(range(count))
    features = Features(digits[1].values[:count], np.arange(count), "HOG")
    found = feature_map(dataset, features)
    assert found.points.shape == (count, 2)
    assert np.isfinite(found.points).all()


def test_equal_pictures_stand_on_one_spot(photo_set: Path) -> None:
    dataset = load_dataset(photo_set).subset(range(6))
    features = Features(np.ones((6, 40), np.float32), np.arange(6), "HOG")
    np.testing.assert_array_equal(feature_map(dataset, features).points, 0)
