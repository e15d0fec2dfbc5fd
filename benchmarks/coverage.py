"""How often the 95 % intervals of a report hold the truth, on simulated test sets.

    python benchmarks/coverage.py [--draws 1000] [--kinds alike rare …] [--record FILE]
                                  [--figures calibration_error macro_f1 …]

Each kind of test is drawn again and again from a large made-up population, whose figures are known.
Counted is how often the interval of each figure holds the population's; figures of single classes
are counted together. Prints a row a figure and a column a kind, in per cent (1,000 draws scatter by
0.7), and ends with 1 where one lies outside 93.5 to 96.5, saying to which side its intervals miss.
Not held to that, from above: the figures of single classes, whose few pictures allow few different
intervals, and all of `rare`, whose three mistakes in 400 pictures do so too: the accuracy's holds
the truth in 97 of 100 tests or, one mistake narrower, would in 93. Nor, at all, the top two of
`rare`: 0.11 mistakes are to be expected there, so that an interval holds the truth in 89 or in 99.

With `--figures`, those alone are measured, which takes a fraction of the time. With `--record`,
counts are kept in FILE as they come, and a later run goes on from there: for more draws, for other
kinds and figures, or where it was stopped. FILE is refused once the code that it counted is other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _interval_counts import Counts, Record
from _measuring import machine
from _simulated_tests import KINDS, Kind, Population, drawn, population
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.class_average import (
    average_f1_figure,
    average_label_f1_figure,
    class_average_figure,
)
from linnaeus.evaluation.classwise_calibration import classwise_calibration_error
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_agreement import label_agreement, over_cells
from linnaeus.evaluation.label_figures import LabelFigures
from linnaeus.evaluation.label_metrics import LabelMetrics, measure_labels
from linnaeus.evaluation.metrics import Metrics, measure
from linnaeus.evaluation.one_against_rest import Averaged, OneAgainstRest, one_against_rest
from linnaeus.evaluation.operating import Operating
from linnaeus.evaluation.reliability import calibration_error

LEAST, MOST = 0.935, 0.965
RESAMPLES = 200
PART = 10  # draws that a process does at a time, and that a record has or has not
CALIBRATION = ("calibration_error", "classwise_calibration_error")
ASKED = Asked(prevalence=0.05, costs=Costs(10, 1))
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def main() -> int:
    """Print the table; 1 where a figure is outside."""
    given = _arguments()
    print(machine())
    asked, record = tuple(given.figures), Record(given.record)
    parts = range(0, given.draws, PART)
    to_do = [(k, at) for k in given.kinds for at in parts if not record.has(k, at, asked)]
    with ProcessPoolExecutor(given.processes) as pool:
        begun = {pool.submit(counted, kind, at, asked): (kind, at) for kind, at in to_do}
        for done in as_completed(begun):
            record.add(*begun[done], asked, done.result())
    return _told({kind: record.totals(kind, parts, asked) for kind in given.kinds})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=1000, help=f"in steps of {PART}")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--figures", nargs="+", default=[], choices=ALONE, help="all by default")
    parser.add_argument("--record", type=Path, help="keep counts in this file, and go on from it")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.draws < PART or given.draws % PART:
        parser.error(f"--draws: {given.draws} is not a multiple of {PART}")
    return given


def _told(counts: dict[str, dict[str, Counts]]) -> int:
    """Print a row a figure and a column a kind, and what is outside; 1 where anything is."""
    print(f"| figure | {' | '.join(counts)} |")
    print(f"|---|{'---|' * len(counts)}")
    outside = []
    for of in dict.fromkeys(of for column in counts.values() for of in column):
        cells = {kind: column[of] for kind, column in counts.items() if of in column}
        told = (f"{_share(cells[kind]):.1%}" if kind in cells else "–" for kind in counts)
        print(f"| {of} | {' | '.join(told)} |")
        outside += [(of, kind, cell) for kind, cell in cells.items() if _is_outside(of, kind, cell)]
    for of, kind, (held, below, above) in outside:
        total = held + below + above
        print(f"outside: {of} in {kind}: {below / total:.1%} lie below, {above / total:.1%} above")
    return int(bool(outside))


def _is_outside(of: str, kind: str, counts: Counts) -> bool:
    if (of, kind) == ("top_2_accuracy", "rare"):
        return False
    most = 1.0 if "class:" in of or kind == "rare" else MOST
    return not LEAST <= _share(counts) <= most


def _share(counts: Counts) -> float:
    return counts.held / sum(counts)


def counted(name: str, first: int, asked: tuple[str, ...]) -> dict[str, Counts]:
    """{figure: how its intervals lay} in the tests of one part; all figures, or those `asked`."""
    everything, truth = _known(name, asked)
    kind = KINDS[name]
    counts: dict[str, Counts] = {}
    for seed in range(first, first + PART):
        test, groups = drawn(everything, kind, seed)
        for of, at, figure in _measured(kind, test, RESAMPLES, asked, seed, groups):
            if figure is None or (of, at) not in truth:
                continue
            below, above = figure.high < truth[of, at], figure.low > truth[of, at]
            lay = Counts(not (below or above), below, above)
            counts[of] = counts.get(of, Counts()).plus(lay)
    return counts


@lru_cache(maxsize=1)
def _known(name: str, asked: tuple[str, ...]) -> tuple[Population, dict[tuple[str, int], float]]:
    """The population of a kind and its figures: all of them, or those `asked` for."""
    everything = population(KINDS[name])
    chance_free = dict(zip(CALIBRATION, _calibration_errors(everything.answers), strict=True))
    others = [of for of in asked if of not in chance_free]
    found = _measured(KINDS[name], everything.answers, 100, others) if others or not asked else ()
    truth = {(of, at): figure.value for of, at, figure in found if figure}
    return everything, truth | {(of, 0): value for of, value in chance_free.items()}


def _measured(
    kind: Kind,
    test: Predictions,
    resamples: int,
    asked: Sequence[str],
    seed: int = 0,
    groups: Places | None = None,
) -> list[tuple[str, int, Figure | None]]:
    """As `figures` gives them: all, or those `asked` for."""
    if not asked:
        return list(figures(_judged(kind, test, resamples, seed, groups)))
    by = Resampling.of(len(test.labels), groups, resamples, seed)
    return [(of, 0, ALONE[of](test, by)) for of in asked]


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


def figures(metrics: Measured) -> Iterator[tuple[str, int, Figure | None]]:
    """(name, class, figure) of everything that has an interval; the class is 0 for the whole."""
    yield from _of_labels(metrics) if isinstance(metrics, LabelMetrics) else _of_classes(metrics)


def _of_labels(metrics: LabelMetrics) -> Iterator[tuple[str, int, Figure | None]]:
    averages = list(_averages(metrics.one_against_rest))
    named = {name for name, _, _ in averages}
    for name, figure in metrics.figures().items():
        if name not in named:
            yield name, 0, figure
    yield from averages
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
    if further.operating:
        yield from _of_decisions(further.operating)
    yield from _of_each(metrics.per_class, further.one_against_rest)


def _of_decisions(test: Operating) -> Iterator[tuple[str, int, Figure | None]]:
    """Net benefits from 10 to 90 %, each by itself, and the cost at the threshold for costs."""
    yield "cost (10 to 1)", 0, test.cuts[0].cost
    for at, point in enumerate(test.decisions):
        if at % 10 == 4:
            yield f"net benefit from {point.threshold:.0%}", 0, point.net_benefit


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


def _calibration(test: Predictions, by: Resampling) -> Figure:
    p = test.probabilities.astype(np.float64)
    if test.label_sets is not None:
        return calibration_error(p.ravel(), test.label_sets.ravel(), over_cells(by, p.shape[1]))
    return calibration_error(p.max(axis=1), test.decisions == test.labels, by)


def _classwise(test: Predictions, by: Resampling) -> Figure | None:
    if test.label_sets is not None:
        return None
    return classwise_calibration_error(test.labels, test.probabilities.astype(np.float64), by)


def _macro_f1(test: Predictions, by: Resampling) -> Figure:
    if test.label_sets is not None:
        has = test.label_sets.any(axis=0)
        return average_label_f1_figure(test.label_sets, test.given, has / has.sum(), by)
    has = np.bincount(test.labels, minlength=len(test.classes)) > 0
    return average_f1_figure(test.labels, test.decisions, has / has.sum(), by)


def _macro_precision(test: Predictions, by: Resampling) -> Figure:
    if test.label_sets is not None:
        return label_agreement(test.label_sets, test.given, by).macro_precision
    has = np.bincount(test.labels, minlength=len(test.classes)) > 0
    right = test.labels == test.decisions
    return class_average_figure(right, test.decisions, has / has.sum(), by)


def _weighted_precision(test: Predictions, by: Resampling) -> Figure:
    if test.label_sets is not None:
        return label_agreement(test.label_sets, test.given, by).weighted_precision
    shares = np.bincount(test.labels, minlength=len(test.classes)) / len(test.labels)
    right = test.labels == test.decisions
    return class_average_figure(right, test.decisions, shares, by, test.labels)


def _macro_average_precision(test: Predictions, by: Resampling) -> Figure | None:
    return _average_precision(test, by).macro


def _weighted_average_precision(test: Predictions, by: Resampling) -> Figure | None:
    return _average_precision(test, by).weighted


def _average_precision(test: Predictions, by: Resampling) -> Averaged:
    places = np.arange(len(test.classes))
    truth = test.labels[:, None] == places if test.label_sets is None else test.label_sets
    p = test.probabilities.astype(np.float64)
    return one_against_rest(truth, p, test.classes, by).average_precision


ALONE: dict[str, Callable[[Predictions, Resampling], Figure | None]] = {
    "calibration_error": _calibration,
    "classwise_calibration_error": _classwise,
    "macro_f1": _macro_f1,
    "macro_precision": _macro_precision,
    "weighted_precision": _weighted_precision,
    "macro_average_precision": _macro_average_precision,
    "weighted_average_precision": _weighted_average_precision,
}
"""What can be measured by itself, as a whole judgement would; None where it has no meaning."""


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


if __name__ == "__main__":
    sys.exit(main())
