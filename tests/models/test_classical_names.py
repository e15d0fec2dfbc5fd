"""The names of classical models, and where a search shows them."""

from __future__ import annotations

import pytest

from linnaeus.errors import UsageError
from linnaeus.models.classical.names import ClassicalName, classical_name
from linnaeus.models.listing import listed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hog+svm", ClassicalName("hog", "svm")),
        ("sift+pca+rbf-svm", ClassicalName("sift", "rbf-svm", pca=True)),
        ("resnet18.a1_in1k+knn", ClassicalName("resnet18.a1_in1k", "knn")),
    ],
)
def test_a_name_says_features_and_classifier(name: str, said: ClassicalName) -> None:
    assert classical_name(name) == said
    assert str(said) == name


@pytest.mark.parametrize("name", ["cnn-small", "resnet18.a1_in1k", "auto", "mlp-64-32"])
def test_networks_are_no_classical_models(name: str) -> None:
    assert classical_name(name) is None


def test_a_misspelt_classifier_is_guessed() -> None:
    with pytest.raises(UsageError, match="random-forrest") as told:
        classical_name("hog+random-forrest")
    assert told.value.mend.startswith("Did you mean random-forest?")


@pytest.mark.parametrize("name", ["hog+svm+pca", "hog+pca+pca+svm", "+svm", "hog+lbp+svm"])
def test_other_parts_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as told:
        classical_name(name)
    assert told.value.where == f"--model {name}"


def test_a_search_finds_them() -> None:
    found = [one.name for one in listed("hog+*svm", {})]
    assert found == ["hog+svm", "hog+rbf-svm"]
