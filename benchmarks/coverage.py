"""How often the 95 % intervals of a report hold the truth, on simulated test sets.

    python benchmarks/coverage.py [--draws 1000] [--kinds alike rare …]

Each kind of test is drawn again and again from a large made-up population, whose figures are known.
Counted is how often the interval of each figure holds the population's; figures of single classes
are counted together. Prints a row a figure and a column a kind, in per cent (1,000 draws scatter by
0.7), and ends with 1 where one lies outside 93.5 to 96.5. Not held to that, from above: the figures
of single classes, whose few pictures allow few different intervals, and all of `rare`, whose three
mistakes in 400 pictures do so too: the accuracy's holds the truth in 97 of 100 tests or, one
mistake narrower, would in 93.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.bundle.predictions import UNKNOWN_LABEL, Predictions
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_figures import LabelFigures
from linnaeus.evaluation.label_metrics import LabelMetrics, measure_labels
from linnaeus.evaluation.metrics import Metrics, measure
from linnaeus.evaluation.one_against_rest import OneAgainstRest

LEAST, MOST = 0.935, 0.965
POPULATION = 60_000
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
ASKED = Asked(prevalence=0.05)


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
    sizes = np.ones(POPULATION, np.int64)
    if kind.groups is not None:
        sizes = random.integers(1, kind.groups[1] + 1, POPULATION // kind.groups[1])
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


def figures(metrics: Measured) -> Iterator[tuple[str, int, Figure | None]]:
    """(name, class, figure) of everything that has an interval; the class is 0 for the whole."""
    yield from _of_labels(metrics) if isinstance(metrics, LabelMetrics) else _of_classes(metrics)


def _of_labels(metrics: LabelMetrics) -> Iterator[tuple[str, int, Figure | None]]:
    for name, figure in metrics.figures().items():
        yield name, 0, figure
    yield from _averages(metrics.one_against_rest)
    yield from _of_each(metrics.per_class, metrics.one_against_rest)


def _of_classes(metrics: Metrics) -> Iterator[tuple[str, int, Figure | None]]:
    for name in (
        *("accuracy", "balanced_accuracy", "macro_precision", "macro_f1", "log_loss", "brier"),
        *("calibration_error",),
    ):
        yield name, 0, getattr(metrics, name)
    further = metrics.further
    for name in ("weighted_precision", "weighted_f1", "kappa", "matthews_correlation"):
        yield name, 0, getattr(further.agreement, name)
    yield "classwise_calibration_error", 0, further.classwise_calibration_error
    yield from _averages(further.one_against_rest)
    for k, figure in further.top_k.items():
        if k == 2:
            yield "top_2_accuracy", 0, figure
    for test in further.tests:
        if test.stated:
            yield "predictive values (stated)", 0, test.positive_predictive_value
            yield "predictive values (stated)", 1, test.negative_predictive_value
    yield from _of_each(metrics.per_class, further.one_against_rest)


def _averages(ranking: OneAgainstRest) -> Iterator[tuple[str, int, Figure | None]]:
    for average in ("macro", "weighted", "micro"):
        yield f"{average}_auroc", 0, getattr(ranking.auroc, average)
        yield f"{average}_average_precision", 0, getattr(ranking.average_precision, average)


def _of_each(
    per_class: Sequence[ClassFigures | LabelFigures], ranking: OneAgainstRest
) -> Iterator[tuple[str, int, Figure | None]]:
    for at, row in enumerate(per_class):
        yield "class: precision", at, row.precision
        yield "class: recall", at, row.recall
        yield "class: F1", at, row.f1
    for at, ranked in enumerate(ranking.per_class):
        yield "class: ROC area", at, ranked.auroc
        yield "class: average precision", at, ranked.average_precision


@cache
def _known(name: str) -> tuple[Population, dict[tuple[str, int], float]]:
    """The population of a kind and its figures."""
    kind = KINDS[name]
    everything = population(kind)
    metrics = _judged(kind, everything.answers, 100)
    truth = {(of, at): figure.value for of, at, figure in figures(metrics) if figure}
    raw = _calibration_errors(everything.answers)
    truth["calibration_error", 0], truth["classwise_calibration_error", 0] = raw
    return everything, truth


def _judged(
    kind: Kind, answers: Predictions, resamples: int, seed: int = 0, groups: Places | None = None
) -> Measured:
    if kind.several:
        usual = answers.classes[:1]  # the same for each test
        return measure_labels(
            answers, usual_set=usual, resamples=resamples, seed=seed, groups=groups
        )
    asked = ASKED if len(kind.shares) == 2 else Asked()
    return measure(answers, resamples=resamples, seed=seed, groups=groups, asked=asked)


def _calibration_errors(answers: Predictions) -> tuple[float, float]:
    """By sorting, in 15 bins of equally many; with so many pictures chance is next to nothing."""
    p, labels = answers.probabilities.astype(np.float64), answers.labels
    if answers.label_sets is not None:
        return _binned(p.ravel(), answers.label_sets.ravel()), float("nan")
    top = _binned(p.max(axis=1), p.argmax(axis=1) == labels)
    each = [_binned(p[:, at], labels == at) for at in range(p.shape[1])]
    return top, float(np.mean(each))


def _binned(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    gaps = (confidence - right)[np.argsort(confidence, kind="stable")]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, 15)) / len(gaps))


def held(name: str, seeds: range) -> dict[str, tuple[int, int]]:
    """{figure: (intervals that held the truth, intervals)} of the tests with these seeds."""
    everything, truth = _known(name)
    kind = KINDS[name]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for seed in seeds:
        test, groups = drawn(everything, kind, seed)
        metrics = _judged(kind, test, 200, seed, groups)
        for of, at, figure in figures(metrics):
            if figure is None or (of, at) not in truth:
                continue
            counts[of][0] += figure.low <= truth[of, at] <= figure.high
            counts[of][1] += 1
    return {of: (inside, total) for of, (inside, total) in counts.items()}


def main() -> int:
    """Print the table; 1 where a figure is outside."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print(machine())
    shares = {name: _shares(name, asked.draws, asked.processes) for name in asked.kinds}
    print(f"| figure | {' | '.join(asked.kinds)} |")
    print(f"|---|{'---|' * len(asked.kinds)}")
    names = dict.fromkeys(of for column in shares.values() for of in column)
    missed = 0
    for of in names:
        cells = {name: column.get(of) for name, column in shares.items()}
        told = (f"{c:.1%}" if c is not None else "–" for c in cells.values())
        print(f"| {of} | {' | '.join(told)} |")
        for name, share in cells.items():
            open_above = "class:" in of or name == "rare"
            most = 1.0 if open_above else MOST
            missed |= share is not None and not LEAST <= share <= most
    return missed


def _shares(name: str, draws: int, processes: int) -> dict[str, float]:
    step = -(-draws // (4 * processes))
    parts = [range(start, min(start + step, draws)) for start in range(0, draws, step)]
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(held, [name] * len(parts), parts):
            for of, (inside, total) in found.items():
                totals[of][0] += inside
                totals[of][1] += total
    print(f"{name}: done", file=sys.stderr, flush=True)
    return {of: inside / total for of, (inside, total) in totals.items() if total}


if __name__ == "__main__":
    sys.exit(main())
