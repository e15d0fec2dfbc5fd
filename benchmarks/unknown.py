"""How well bundles call unknown what shows none of their classes, and what that costs.

    python benchmarks/unknown.py [--budget 2m] [--runs DIR] [--pictures 2000]

Trains on CIFAR-10 from scratch within the budget and on trashnet192 with a pretrained network, as a
user would (runs that are in DIR already are taken as they are), and shows each bundle pictures of
other data sets: clothing160 and DeepPCB at 32 px to the first, clothing160 to the second. None of
these had any part in choosing the score. Prints the area under the ROC curve against the run's own
test pictures, with its 95 % interval, beside that of the usual baseline, the largest probability;
the shares of known and of strange pictures that are called unknown; and what the score adds to the
time of `predict` for a picture. Ends with 1 where an area is below 0.90.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import linnaeus
from _measuring import DATA, WEIGHTS, machine, needed, run
from _measuring import linnaeus as command
from linnaeus.bundle.classifier import Classifier
from linnaeus.bundle.predictions import Predictions
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.intervals import Resampling, share_figure
from linnaeus.evaluation.one_against_rest import one_against_rest
from linnaeus.randomness import generator

LEAST_AREA = 0.90
ROUNDS = 5

COLUMNS = (
    "bundle", "score", "shown", "area", "95 % interval", "baseline", "called unknown",
    "known called so",
)  # fmt: skip

STRANGERS = {
    "cifar10": {"clothing160": "clothing160.tar", "DeepPCB": "deeppcb_crops.tar.xz"},
    "trashnet192": {"clothing160": "clothing160.tar"},
}


def main() -> int:
    """Print the tables; 1 where an area is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--budget", default="2m", help="time for CIFAR-10 to learn in")
    parser.add_argument(
        "--runs", type=Path, help="keep the runs in this folder, and use them again"
    )
    parser.add_argument("--pictures", type=int, default=2000, help="most of each set, drawn")
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as aside:
        folder = asked.runs or Path(aside)
        train = {
            "cifar10": ["cifar10.tar.xz", "--model", "auto", "--budget", asked.budget],
            "trashnet192": ["trashnet192.zip", "--weights", needed(WEIGHTS)],
        }
        classifiers = {}
        for name, (data, *options) in train.items():
            if not (folder / name).exists():
                options += ["--out", folder / name, "--no-cache"]
                run([command(), "train", needed(DATA / data), *options])
            classifiers[name] = (linnaeus.load(folder / name), folder / name, DATA / data)
        print(f"\n| {' | '.join(COLUMNS)} |")
        print("|---|---|---|---|---|---|---|---|")
        areas = [
            area
            for name, (classifier, place, data) in classifiers.items()
            for area in _rows(name, classifier, place, data, asked.pictures)
        ]
        print("\n| bundle | predict without | with the score | added |")
        print("|---|---|---|---|")
        for name, (classifier, place, data) in classifiers.items():
            _cost(name, classifier, _contents(data, _test_names(place), min(500, asked.pictures)))
    return int(min(areas) < LEAST_AREA)


def _rows(name: str, classifier: Classifier, place: Path, data: Path, pictures: int) -> list[float]:
    """Print a line for each set of strangers, and give their areas."""
    known = classifier.predict(_contents(data, _test_names(place), pictures))
    areas = []
    for shown, file in STRANGERS[name].items():
        source = needed(DATA / file)
        strange = classifier.predict(_contents(source, None, pictures))
        assert known.familiar is not None
        assert strange.familiar is not None
        area = _area(known.familiar.strangeness, strange.familiar.strangeness)
        baseline = _area(-known.probabilities.max(axis=1), -strange.probabilities.max(axis=1))
        print(
            f"| {name} | {' + '.join(classifier.unknown.scores)} | {shown} | {area.value:.3f} |"
            f" {area.low:.3f} to {area.high:.3f} | {baseline.value:.3f} | {_share(strange)} |"
            f" {_share(known)} |",
            flush=True,
        )
        areas.append(area.value)
    return areas


def _cost(name: str, classifier: Classifier, contents: Sequence[bytes]) -> None:
    """Print how long a picture takes, decoding and all: the least of some rounds, in turns."""
    ways = {"without": classifier.knowing(None), "with": classifier}
    taken = {way: float("inf") for way in ways}
    for _ in range(ROUNDS):
        for way, one in ways.items():
            start_s = time.perf_counter()
            one.predict(contents)
            taken[way] = min(taken[way], (time.perf_counter() - start_s) / len(contents))
    before, after = 1000 * taken["without"], 1000 * taken["with"]
    print(f"| {name} | {before:.2f} ms | {after:.2f} ms | {after - before:.2f} ms |")


def _test_names(place: Path) -> list[str]:
    with (place / "split.csv").open(encoding="utf-8", newline="") as file:
        return [row["image"] for row in csv.DictReader(file) if row["split"] == "test"]


def _contents(data: Path, names: list[str] | None, most: int) -> list[bytes]:
    """At most so many pictures of a data set, drawn; all of it where no `names` are given."""
    dataset = linnaeus.load_dataset(str(data))
    every = dataset.paths if names is None else names
    drawn = generator(0, "benchmark unknown").permutation(len(every))[:most]
    return [dataset.source.read(every[at]) for at in np.sort(drawn)]


def _area(known: NDArray[np.float32], strange: NDArray[np.float32]) -> Figure:
    both = np.concatenate([known, strange]).astype(np.float64)
    unknown = np.arange(len(both)) >= len(known)
    ranked = one_against_rest(
        unknown[:, None], both[:, None], ("unknown",), Resampling.of(len(both))
    )
    area = ranked.per_class[0].auroc
    assert area is not None
    return area


def _share(predictions: Predictions) -> str:
    called = predictions.unknown
    share = share_figure(int(called.sum()), len(called))
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


if __name__ == "__main__":
    sys.exit(main())
