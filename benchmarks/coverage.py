"""How often the 95 % intervals of a report hold the truth, on simulated test sets.

    python benchmarks/coverage.py [--draws 1000] [--kinds alike rare …]

Each kind of test is drawn again and again from a large made-up population, whose figures are known.
Counted is how often the interval of each figure holds the population's; figures of single classes
are counted together. Prints a row a figure and a column a kind, in per cent (1,000 draws scatter by
0.7), and ends with 1 where one lies outside 93.5 to 96.5. Not held to that: calibration errors from
above, since the truth of a well calibrated classifier lies at the end of the interval; and, from
above, the figures of single classes, whose few pictures allow few different intervals.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.metrics import Metrics, measure

LEAST, MOST = 0.935, 0.965
POPULATION = 60_000
ASKED = Asked(prevalence=0.05)


@dataclass(frozen=True)
class Kind:
    """A kind of test: what is asked of a classifier, and how good and how sure it is.

    `shares`: of the classes among the pictures. `skill`: how far the truth stands out.
    `sharpness`: 1 is calibrated. `groups`: (how many in a test, most pictures in one, how alike
    they are), None for pictures of their own.
    """

    shares: tuple[float, ...]
    skill: float
    sharpness: float
    pictures: int = 400
    groups: tuple[int, int, float] | None = None


KINDS = {
    "alike": Kind((1 / 6,) * 6, 2.0, 2.0),
    "uneven": Kind((0.4, 0.25, 0.15, 0.1, 0.06, 0.04), 2.0, 1.0),
    "rare": Kind((0.49, 0.48, 0.03), 3.6, 1.3),
    "hundred": Kind((0.01,) * 100, 3.0, 1.2),
    "two": Kind((0.8, 0.2), 1.5, 1.5, pictures=250),
    "grouped": Kind((1 / 6,) * 6, 2.0, 2.0, groups=(100, 8, 0.5)),
    "grouped rare": Kind((0.5, 0.4, 0.1), 2.5, 1.5, groups=(150, 4, 0.6)),
    "grouped two": Kind((0.7, 0.3), 1.5, 1.5, groups=(60, 8, 0.5)),
}


@dataclass(frozen=True)
class Population:
    """Answers to many pictures, and the group of each."""

    answers: Predictions
    groups: NDArray[np.int64]


def population(kind: Kind, seed: int = 1) -> Population:
    """Made-up answers; pictures of one group share a part of their evidence and lean to a class."""
    random = np.random.default_rng(seed)
    classes = len(kind.shares)
    sizes = np.ones(POPULATION, np.int64)
    alike = 0.0
    if kind.groups is not None:
        _, most, alike = kind.groups
        sizes = random.integers(1, most + 1, POPULATION // most)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = random.choice(classes, len(groups), p=kind.shares)
    of_group = random.choice(classes, len(sizes), p=kind.shares)
    together = random.random(len(groups)) < alike
    labels = np.where(together, of_group[groups], labels)
    shared = random.normal(size=(len(sizes), classes))[groups]
    evidence = np.sqrt(1 - alike) * random.normal(size=(len(groups), classes))
    evidence += np.sqrt(alike) * shared
    evidence[np.arange(len(groups)), labels] += kind.skill
    evidence += np.log(np.array(kind.shares)) / kind.skill
    powers = np.exp(kind.skill * kind.sharpness * (evidence - evidence.max(axis=1, keepdims=True)))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    names = tuple(f"class {at}" for at in range(classes))
    ids = tuple(map(str, range(len(groups))))
    return Population(Predictions(ids, names, probabilities, labels), groups)


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
    )


def figures(metrics: Metrics) -> Iterator[tuple[str, int, Figure | None]]:
    """(name, class, figure) of everything that has an interval; the class is 0 for the whole."""
    for name in (
        *("accuracy", "balanced_accuracy", "macro_precision", "macro_f1", "log_loss", "brier"),
        *("calibration_error",),
    ):
        yield name, 0, getattr(metrics, name)
    further = metrics.further
    for name in ("weighted_precision", "weighted_f1", "kappa", "matthews_correlation"):
        yield name, 0, getattr(further.agreement, name)
    yield "classwise_calibration_error", 0, further.classwise_calibration_error
    for average in ("macro", "weighted", "micro"):
        yield f"{average}_auroc", 0, getattr(further.one_against_rest.auroc, average)
        precision = getattr(further.one_against_rest.average_precision, average)
        yield f"{average}_average_precision", 0, precision
    for k, figure in further.top_k.items():
        if k == 2:
            yield "top_2_accuracy", 0, figure
    for test in further.tests:
        if test.stated:
            yield "predictive values (stated)", 0, test.positive_predictive_value
            yield "predictive values (stated)", 1, test.negative_predictive_value
    for at, row in enumerate(metrics.per_class):
        yield "class: precision", at, row.precision
        yield "class: recall", at, row.recall
        yield "class: F1", at, row.f1
    for at, ranked in enumerate(further.one_against_rest.per_class):
        yield "class: ROC area", at, ranked.auroc
        yield "class: average precision", at, ranked.average_precision


@cache
def _known(name: str) -> tuple[Population, dict[tuple[str, int], float]]:
    """The population of a kind and its figures."""
    kind = KINDS[name]
    everything = population(kind)
    metrics = measure(everything.answers, resamples=100, asked=_asked(kind))
    truth = {(of, at): figure.value for of, at, figure in figures(metrics) if figure}
    raw = _calibration_errors(everything.answers)
    truth["calibration_error", 0], truth["classwise_calibration_error", 0] = raw
    return everything, truth


def _asked(kind: Kind) -> Asked:
    return ASKED if len(kind.shares) == 2 else Asked()


def _calibration_errors(answers: Predictions) -> tuple[float, float]:
    """By sorting, in 15 bins of equally many; with so many pictures chance is next to nothing."""
    p, labels = answers.probabilities.astype(np.float64), answers.labels
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
        metrics = measure(test, resamples=200, seed=seed, groups=groups, asked=_asked(kind))
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
        cells = [column.get(of) for column in shares.values()]
        print(f"| {of} | {' | '.join(f'{c:.1%}' if c is not None else '–' for c in cells)} |")
        most = 1.0 if "calibration" in of or "class:" in of else MOST
        missed |= any(c is not None and not LEAST <= c <= most for c in cells)
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
