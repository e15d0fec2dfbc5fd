"""How often do the tests of significance raise a false alarm, on models that are equal?

    python benchmarks/significance.py [--comparisons 500]

Each model has features of its own of the same pictures: the same class means, and noise drawn anew
around them, so that they say equally much of the class. On these it learns a linear classifier (or
takes the nearest neighbour's class), truly, in the folds that all share. None is better but by
luck; and since folds share most of what they learn from, the luck of one fold is partly that of the
next, which is what fools a plain t test. Each comparison draws its data anew. A false alarm is
p < 0.05.

Held to: the test that the verdicts of `compare` rest on, the corrected resampled t, raises at most
6 % false alarms in 500 comparisons; so does any of six equal models, over all pairs with Holm's
correction; and Friedman's test with Nemenyi's over five data sets. McNemar's is held to it on two
classifiers that are equal once trained. The plain t test stands beside it for what it is worth.
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.evaluation.friedman import rank_over_sets
from linnaeus.evaluation.paired import LEVEL, corrected_resampled_t, discordance
from linnaeus.evaluation.significance import holm
from linnaeus.randomness import generator

COMPARISONS = 500
MOST = 0.06
FOLDS, PICTURES, CLASSES, FEATURES = 5, 300, 3, 12
APART = 0.55  # how far class means lie from each other: linear models are right about 7 times in 10
MODELS, SETS = 6, 5
STRENGTH = 1.0  # of the ridge


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--comparisons", type=int, default=COMPARISONS)
    count = options.parse_args().comparisons
    rates = {
        "corrected resampled t, five folds": _rate(_two_models, count),
        "corrected resampled t, five folds, nearest neighbours": _rate(_two_neighbours, count),
        "plain t on the same folds (not used)": _rate(_two_plainly, count),
        "plain t, nearest neighbours (not used)": _rate(_neighbours_plainly, count),
        "McNemar's mid-p, two trained classifiers": _rate(_two_trained, count),
        "McNemar's mid-p on one fold, two ways of training": _rate(_two_on_one_fold, count),
        "any of 15 pairs of six models, Holm": _rate(_six_models, count),
        "any of 15 pairs over five sets, Friedman and Nemenyi": _rate(_over_sets, count),
    }
    print(f"{machine()}; {count} comparisons of equal models, {PICTURES} pictures, {FOLDS} folds")
    print("| test | false alarms at the 5 % level |")
    print("|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {100 * rate:.1f} % |")
    held = [rate for name, rate in rates.items() if "plain" not in name and "ways of" not in name]
    return int(max(held) > MOST)


def _rate(alarm: object, count: int) -> float:
    assert callable(alarm)
    return float(np.mean([alarm(number) for number in range(count)]))


def _two_models(number: int) -> bool:
    return _corrected(_fold_scores(2, number))


def _two_neighbours(number: int) -> bool:
    return _corrected(_fold_scores(2, number, nearest=True))


def _corrected(scores: NDArray[np.float64]) -> bool:
    return corrected_resampled_t(
        scores[:, 0] - scores[:, 1],
        test_to_train=1 / (FOLDS - 1),
        resolution=FOLDS / PICTURES,
    ).real


def _two_plainly(number: int) -> bool:
    return _plain(_fold_scores(2, number))


def _neighbours_plainly(number: int) -> bool:
    return _plain(_fold_scores(2, number, nearest=True))


def _plain(scores: NDArray[np.float64]) -> bool:
    return corrected_resampled_t(scores[:, 0] - scores[:, 1], test_to_train=0.0).p < LEVEL


def _two_trained(number: int) -> bool:
    """Two classifiers whose mistakes are as frequent, and partly on the same hard pictures."""
    random = generator(number, "trained")
    hard = random.random(PICTURES)
    right = [(hard + random.normal(0, 0.3, PICTURES)) > 0.3 for _ in range(2)]
    return discordance(*right).real


def _two_on_one_fold(number: int) -> bool:
    right = _right_in_folds(2, number)
    first = slice(0, PICTURES // FOLDS)
    return discordance(right[0, first], right[1, first]).real


def _six_models(number: int) -> bool:
    scores = _fold_scores(MODELS, number)
    ps = [
        corrected_resampled_t(
            scores[:, one] - scores[:, other],
            test_to_train=1 / (FOLDS - 1),
            resolution=FOLDS / PICTURES,
        ).p
        for one, other in combinations(range(MODELS), 2)
    ]
    return min(holm(ps)) < LEVEL


def _over_sets(number: int) -> bool:
    means = [_fold_scores(MODELS, SETS * number + of).mean(axis=0) for of in range(SETS)]
    ranking = rank_over_sets(means)
    return any(ranking.told_apart(*pair) for pair in combinations(range(MODELS), 2))


def _fold_scores(models: int, number: int, nearest: bool = False) -> NDArray[np.float64]:
    """(folds, models) the accuracy of each on each fold."""
    right = _right_in_folds(models, number, nearest)
    return right.reshape(models, FOLDS, -1).mean(axis=2).T


def _right_in_folds(models: int, number: int, nearest: bool = False) -> NDArray[np.bool_]:
    """(models, pictures) whether each is right about pictures that it has not learnt from."""
    random = generator(number, "pictures", models)
    labels = random.permutation(np.arange(PICTURES) % CLASSES)
    right = np.zeros((models, PICTURES), bool)
    means = random.normal(0, APART, (CLASSES, FEATURES))
    for model in range(models):
        features = means[labels] + random.normal(0, 1, (PICTURES, FEATURES))
        for fold in range(FOLDS):
            tested = np.arange(PICTURES) // (PICTURES // FOLDS) == fold
            learn = _neighbours if nearest else _linear
            answers = learn(features[~tested], labels[~tested], features[tested])
            right[model, tested] = answers == labels[tested]
    return right


def _linear(
    features: NDArray[np.float64], labels: NDArray[np.int64], others: NDArray[np.float64]
) -> NDArray[np.int64]:
    x = _with_one(features)
    ridge = STRENGTH * np.eye(x.shape[1])
    weights = np.linalg.solve(x.T @ x + ridge, x.T @ np.eye(CLASSES)[labels])
    return (_with_one(others) @ weights).argmax(axis=1)


def _neighbours(
    features: NDArray[np.float64], labels: NDArray[np.int64], others: NDArray[np.float64]
) -> NDArray[np.int64]:
    away = (features**2).sum(axis=1) - 2 * others @ features.T
    return labels[away.argmin(axis=1)]


def _with_one(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([features, np.ones(len(features))])


if __name__ == "__main__":
    sys.exit(main())
