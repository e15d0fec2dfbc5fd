"""Simulated tests of classifiers whose figures are known: the kinds, and how to draw one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions

__all__ = ["KINDS", "Kind", "Population", "drawn", "population"]

POPULATION = 500_000  # pictures, so many that chance is next to nothing of its figures
MOST_ANSWERS = 10_000_000  # of pictures times classes: of more, areas of all pairs are not measured
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """A kind of test: what is asked of a classifier, and how good and how sure it is.

    `shares`: of the classes among the pictures. `skill`: how far the truth stands out.
    `sharpness`: 1 is calibrated. `groups`: (how many in a test, most pictures in one, how alike
    they are), None for pictures of their own. `several`: each class is a label that a picture may
    have beside others, which come together more often than by chance.
    """

    shares: tuple[float, ...]
    skill: float
    sharpness: float
    pictures: int = 400
    groups: tuple[int, int, float] | None = None
    several: bool = False


KINDS = {
    "alike": Kind((1 / 6,) * 6, 2.0, 2.0),
    "uneven": Kind((0.4, 0.25, 0.15, 0.1, 0.06, 0.04), 2.0, 1.0),
    "rare": Kind((0.49, 0.48, 0.03), 3.6, 1.3),
    "hundred": Kind((0.01,) * 100, 3.0, 1.2),
    "two": Kind((0.8, 0.2), 1.5, 1.5, pictures=250),
    "grouped": Kind((1 / 6,) * 6, 2.0, 2.0, groups=(100, 8, 0.5)),
    "grouped rare": Kind((0.5, 0.4, 0.1), 2.5, 1.5, groups=(150, 4, 0.6)),
    "grouped two": Kind((0.7, 0.3), 1.5, 1.5, groups=(60, 8, 0.5)),
    "labels": Kind((0.5, 0.3, 0.2, 0.1, 0.05), 1.8, 1.3, several=True),
    "grouped labels": Kind((0.5, 0.3, 0.2, 0.1), 1.8, 1.3, groups=(100, 8, 0.5), several=True),
}


@dataclass(frozen=True)
class Population:
    """Answers to many pictures, and the group of each."""

    answers: Predictions
    groups: NDArray[np.int64]


def population(kind: Kind, seed: int = 1) -> Population:
    """Made-up answers; pictures of one group share a part of their evidence and lean to a class."""
    random = np.random.default_rng(seed)
    pictures = min(POPULATION, MOST_ANSWERS // len(kind.shares))
    sizes = np.ones(pictures, np.int64)
    if kind.groups is not None:
        sizes = random.integers(1, kind.groups[1] + 1, pictures // kind.groups[1])
    groups = np.repeat(np.arange(len(sizes)), sizes)
    made = _several_labels if kind.several else _one_label
    return Population(made(kind, groups, random), groups)


def _one_label(kind: Kind, groups: Places, random: np.random.Generator) -> Predictions:
    classes, alike = len(kind.shares), kind.groups[2] if kind.groups else 0.0
    labels = random.choice(classes, len(groups), p=kind.shares)
    of_group = random.choice(classes, groups[-1] + 1, p=kind.shares)
    together = random.random(len(groups)) < alike
    labels = np.where(together, of_group[groups], labels)
    evidence = _alike(classes, groups, alike, random)
    evidence[np.arange(len(groups)), labels] += kind.skill
    evidence += np.log(np.array(kind.shares)) / kind.skill
    powers = np.exp(kind.skill * kind.sharpness * (evidence - evidence.max(axis=1, keepdims=True)))
    return _answers(powers / powers.sum(axis=1, keepdims=True), labels)


def _several_labels(kind: Kind, groups: Places, random: np.random.Generator) -> Predictions:
    shares, alike = np.array(kind.shares), kind.groups[2] if kind.groups else 0.0
    signs = _alike(len(shares), groups, alike, random)
    signs += random.normal(size=(len(groups), 1)) / 2  # labels of one picture hang together
    cuts = [np.quantile(column, share) for column, share in zip(signs.T, shares, strict=True)]
    truth = signs < np.array(cuts)
    evidence = _alike(len(shares), groups, alike, random) + kind.skill * truth
    odds = kind.skill * (evidence - kind.skill / 2) + np.log(shares / (1 - shares))
    answers = _answers(
        1 / (1 + np.exp(-kind.sharpness * odds)), np.full(len(groups), UNKNOWN_LABEL, np.int64)
    )
    return replace(answers, label_sets=truth, thresholds=np.full(len(shares), 0.5, np.float32))


def _alike(classes: int, groups: Places, share: float, random: np.random.Generator) -> Floats:
    """(n, classes) standard normal numbers; of their variance, groups have a `share` alike."""
    shared = random.normal(size=(groups[-1] + 1, classes))[groups]
    own: Floats = random.normal(size=(len(groups), classes))
    return np.sqrt(1 - share) * own + np.sqrt(share) * shared


def _answers(probabilities: Floats, labels: Places) -> Predictions:
    names = tuple(f"class {at}" for at in range(probabilities.shape[1]))
    ids = tuple(map(str, range(len(labels))))
    return Predictions(ids, names, probabilities.astype(np.float32), labels)


def drawn(of: Population, kind: Kind, seed: int) -> tuple[Predictions, NDArray[np.int64] | None]:
    """The answers of one test, and the groups of its pictures, if any."""
    random = np.random.default_rng([17, seed])
    if kind.groups is None:
        rows = random.integers(0, len(of.groups), kind.pictures)
        return _taken(of.answers, rows), None
    picked = random.integers(0, of.groups[-1] + 1, kind.groups[0])
    first, last = (np.searchsorted(of.groups, picked, side) for side in ("left", "right"))
    rows = np.concatenate([np.arange(*ends) for ends in zip(first, last, strict=True)])
    return _taken(of.answers, rows), np.repeat(np.arange(len(picked)), last - first)


def _taken(answers: Predictions, rows: NDArray[np.int64]) -> Predictions:
    return replace(
        answers,
        ids=tuple(map(str, range(len(rows)))),
        probabilities=answers.probabilities[rows],
        labels=answers.labels[rows],
        label_sets=None if answers.label_sets is None else answers.label_sets[rows],
    )
