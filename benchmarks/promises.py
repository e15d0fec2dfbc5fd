"""Whether bundles keep what they promise: label sets, and error rates of answers, over 100 splits.

    python benchmarks/promises.py [--runs DIR] [--splits 100] [--small]

Trains on CIFAR-10 (cnn-tiny, two passes) and on trashnet192 (a head on a pretrained network, with
half of the pictures for the test), as a user would; runs that are in DIR already are taken as they
are. The answers to each test are then parted in two, again and again: thresholds are set on one
half, as a bundle sets them on its held-out pictures, and judged on the other. Must reach, for a
stated 90 %: a mean coverage within 1 point by each method, and within 3 points for each class that
has over 100 pictures by the class-conditional one; for a stated error of 2 %: held in 95 of 100
splits. `--small` takes digits, which shows that the script runs and is no figure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run
from linnaeus.bundle.held_out import HeldOut
from linnaeus.bundle.label_sets import Method, tie_breakers
from linnaeus.bundle.predictions import Predictions
from linnaeus.data.columns import Columns
from linnaeus.evaluation.answer_table import read_answer_table
from linnaeus.randomness import generator

COVERAGE, WITHIN, WITHIN_A_CLASS = 0.9, 0.01, 0.03
MANY = 100  # pictures of a class, from which on it is held to its coverage
ERROR, HELD = 0.02, 0.95

TRAININGS = {
    "cifar10": ["cifar10.tar.xz", "--model", "cnn-tiny", "--epochs", "2"],
    "trashnet192": ["trashnet192.zip", "--test", "0.5", "--weights", str(WEIGHTS)],
}
"""What is asked of `linnaeus train`: the promises do not depend on how good the classifier is."""

Rows = NDArray[np.int64]


def main() -> int:
    """Print the tables; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--runs", type=Path, help="keep the runs in this folder, and use them again"
    )
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as aside:
        folder = asked.runs or Path(aside)
        names = ["digits"] if asked.small else list(TRAININGS)
        answers = {name: _answers(name, folder / name) for name in names}
    splits = {
        name: [Split.of(one, seed) for seed in range(asked.splits)] for name, one in answers.items()
    }
    print(
        "\n| set | pictures | sets by | coverage | classes | mean size |\n|---|---|---|---|---|---|"
    )
    missed = 0
    for name, several in splits.items():
        for method in get_args(Method):
            missed |= _print_coverage(name, several, method)
    print("\n| set | stated error | held in | mean error | answered |\n|---|---|---|---|---|")
    for name, several in splits.items():
        missed |= _print_silence(name, several)
    return missed


def _answers(name: str, place: Path) -> Predictions:
    """The run's answers to its test pictures."""
    if not place.exists():
        data, *options = TRAININGS.get(name, ["digits", "--test", "0.5", "--epochs", "2"])
        source = data if name == "digits" else needed(DATA / data)
        run([linnaeus(), "train", source, *options, "--out", place])
    return read_answer_table(place / "predictions.csv", Columns()).predictions


@dataclass(frozen=True, eq=False)
class Split:
    """Half of the `answers` as what a bundle has `held_out`, and the rows of the `judging` half."""

    answers: Predictions
    held_out: HeldOut
    judging: Rows

    @classmethod
    def of(cls, answers: Predictions, seed: int) -> Split:
        """The split that is drawn by the seed."""
        order = generator(seed, "halves").permutation(len(answers))
        first, judging = np.array_split(order, 2)
        held_out = HeldOut.of(
            [answers.ids[row] for row in first],
            answers.probabilities[first],
            answers.labels[first],
        )
        return cls(answers, held_out, judging)

    @property
    def labels(self) -> Rows:
        """The true classes of the judging half."""
        return self.answers.labels[self.judging]


def _print_coverage(name: str, splits: list[Split], method: Method) -> int:
    """Print the row of one way to make sets; 1 where it is missed."""
    covered, sizes, by_class = [], [], []
    classes = len(splits[0].answers.classes)
    for split in splits:
        ids = [split.answers.ids[row] for row in split.judging]
        sets = split.held_out.sets(COVERAGE, method)
        inside = sets(split.answers.probabilities[split.judging], tie_breakers(ids))
        holds = inside[np.arange(len(ids)), split.labels]
        covered.append(holds.mean())
        sizes.append(inside.sum(axis=1).mean())
        by_class.append([holds[split.labels == place].mean() for place in range(classes)])
    many = np.bincount(splits[0].answers.labels, minlength=classes) > MANY
    each = np.mean(by_class, axis=0)[many]
    print(
        f"| {name} | {len(splits[0].answers):,} | {method} | {np.mean(covered):.1%} |"
        f" {_range(each)} | {np.mean(sizes):.2f} |",
        flush=True,
    )
    missed = abs(np.mean(covered) - COVERAGE) > WITHIN
    if method == "class-conditional" and len(each):
        missed |= bool(np.abs(each - COVERAGE).max() > WITHIN_A_CLASS)
    return int(missed)


def _range(shares: NDArray[np.float64]) -> str:
    return f"{shares.min():.1%} to {shares.max():.1%}" if len(shares) else "–"


def _print_silence(name: str, splits: list[Split]) -> int:
    """Print the row of the stated error; 1 where it is held too seldom."""
    errors, given = [], []
    for split in splits:
        rows = split.answers.probabilities[split.judging]
        sure = rows.max(axis=1) >= split.held_out.silence(ERROR).confidence
        wrong = rows.argmax(axis=1) != split.labels
        errors.append(wrong[sure].mean() if sure.any() else 0.0)
        given.append(sure.mean())
    held = np.mean(np.array(errors) <= ERROR)
    print(
        f"| {name} | {ERROR:.0%} | {held:.0%} | {np.mean(errors):.2%} | {np.mean(given):.0%} |",
        flush=True,
    )
    return int(held < HELD)


if __name__ == "__main__":
    sys.exit(main())
