"""The names of classical models: hog+svm, sift+pca+knn, mobilenetv2_100+random-forest. No torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from linnaeus.errors import UsageError

__all__ = ["CLASSIFIERS", "FEATURES", "ClassicalName", "classical_name", "classical_names"]

FEATURES = {
    "hog": "directions of gradients in cells",
    "lbp": "local patterns of brightness",
    "colour-histogram": "shares of colours, of the whole and of each quarter",
    "sift": "a bag of visual words, of SIFT descriptors on a grid",
    "raw": "the pixels themselves",
}
CLASSIFIERS = {
    "svm": "a linear support vector machine, each class against the rest",
    "rbf-svm": "a support vector machine with a Gaussian kernel",
    "logistic-regression": "multinomial logistic regression",
    "random-forest": "a random forest",
    "decision-tree": "one decision tree",
    "gradient-boosting": "gradient-boosted trees on histograms",
    "knn": "the nearest neighbours among the training pictures",
    "naive-bayes": "naive Bayes with normal distributions",
}
PLUS = "+"
PCA = "pca"


@dataclass(frozen=True)
class ClassicalName:
    """What a name says: `features`, one of `FEATURES` or a network, and the `classifier`.

    `pca`: whether only the principal components of the features are taken.
    """

    features: str
    classifier: str
    pca: bool = False

    @property
    def of_network(self) -> bool:
        """Whether the features are a frozen network's."""
        return self.features not in FEATURES

    def __str__(self) -> str:
        parts = (self.features, PCA, self.classifier) if self.pca else (
            self.features, self.classifier)  # fmt: skip
        return PLUS.join(parts)


def classical_name(name: str) -> ClassicalName | None:
    """What `name` says; None where it is no name of a classical model, which have a plus.

    Raises UsageError where its last part is no classifier, or there are other parts than these.

    >>> classical_name("hog+pca+svm")
    ClassicalName(features='hog', classifier='svm', pca=True)
    """
    features, plus, rest = name.partition(PLUS)
    if not plus:
        return None
    middle, _, classifier = rest.rpartition(PLUS)
    if middle not in ("", PCA) or not features:
        raise UsageError(
            "a classical model is features and a classifier, with pca between them or without",
            where=f"--model {name}",
            mend="Write hog+svm or hog+pca+svm, say.",
        )
    if classifier not in CLASSIFIERS:
        near = difflib.get_close_matches(classifier, CLASSIFIERS, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(
            f'there is no classifier "{classifier}"',
            where=f"--model {name}",
            mend=f"{guess}There are {', '.join(CLASSIFIERS)}.",
        )
    return ClassicalName(features, classifier, pca=bool(middle))


def classical_names() -> Iterator[ClassicalName]:
    """Each of our features with each classifier, without PCA."""
    for features in FEATURES:
        for classifier in CLASSIFIERS:
            yield ClassicalName(features, classifier)
