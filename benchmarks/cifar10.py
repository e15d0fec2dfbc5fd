"""How well `linnaeus train cifar10.tar.xz --budget 2m` does, run as a user would run it.

    python benchmarks/cifar10.py [ARCHIVE] [--budget 2m] [--runs 1] [--reach 0.83]
                                 [--weights [DIR]] [--preset best]

Trains on the archive's training pictures (a tenth of them held out for validation) for the
budget, then reads the accuracy on the 10,000 test pictures from `report/metrics.json`: the
finished bundle's own answers, through the runtime that would serve it. The budget chooses the
network from scratch (no pretrained weights may be at hand), unless `--model` does; with `--weights`
it goes on from a pretrained network. `--preset best` is measured without a budget. Prints one row a
run, under the load that other programs put on the machine before; ends with 1 where a run falls
short of `--reach`. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run


def main() -> int:
    """Run the benchmark as often as asked; 1 where a run falls short."""
    asked = _arguments()
    print(machine())
    print(
        "| seed | budget | network | test accuracy | 95 % interval | learning | all in | memory |"
    )
    print("|---|---|---|---|---|---|---|---|")
    short = 0
    for seed in range(asked.runs):
        short += _row(asked, seed) < asked.reach
    return 1 if short else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", nargs="?", type=Path, default=DATA / "cifar10.tar.xz")
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--preset", choices=["best"], help="in place of a budget")
    parser.add_argument("--weights", nargs="?", type=Path, const=WEIGHTS, help="pretrained ones")
    parser.add_argument("--runs", type=int, default=1, help="runs with seeds 0, 1, …")
    parser.add_argument("--reach", type=float, default=0.83, help="test accuracy to be reached")
    return parser.parse_args()


def _row(asked: argparse.Namespace, seed: int) -> float:
    """Train once, print a row, and give the test accuracy."""
    length = asked.preset or asked.budget
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        options = ["--model", asked.model, "--preset" if asked.preset else "--budget", length]
        options += ["--weights", needed(asked.weights)] if asked.weights else []
        archive = needed(asked.archive)
        cost = run([linnaeus(), "train", archive, *options, "--seed", str(seed), "--out", out])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
        network = json.loads((out / "recipe.json").read_text("utf-8"))["model"]
    figure, learning_s = metrics["test"]["accuracy"], metrics["training"]["seconds"]
    value, low, high = (f"{100 * figure[key]:.2f} %" for key in ("value", "low", "high"))
    print(
        f"| {seed} | {length} | {network} | {value} | {low} to {high} | {learning_s:.0f} s"
        f" | {cost.seconds:.0f} s | {cost.peak_mb:,.0f} MB |",
        flush=True,
    )
    return float(figure["value"])


if __name__ == "__main__":
    sys.exit(main())
