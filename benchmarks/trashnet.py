"""How well and how fast `linnaeus train trashnet192.zip --weights DIR` does, all in.

    python benchmarks/trashnet.py [--runs 3] [--budget 5m]

Runs the command as a user would, from archive to report, once for each seed (so each with another
split) and without the cache, and prints a row a run: accuracy of the finished bundle on its
held-out pictures, seconds of learning, seconds and peak memory of the whole process, and what each
stage brought on validation. Ends with 1 where a run misses 84 %, 15 s of learning, 40 s or 2 GB;
with a budget, where it misses 87 % or learning takes 10 % longer than that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run
from linnaeus.training.budget import parse_budget

LEAST_ACCURACY, MOST_LEARNING_S, MOST_SECONDS, MOST_MB = 0.84, 15.0, 40.0, 2048.0
LEAST_IN_BUDGET, MOST_OF_BUDGET = 0.87, 1.1


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3, help="runs with seeds 0, 1, …")
    parser.add_argument("--budget", help="time that learning may take, such as 5m")
    asked = parser.parse_args()
    print(machine())
    print("| seed | test accuracy | 95 % interval | learning | all in | peak memory | stages |")
    print("|---|---|---|---|---|---|---|")
    reached = [_row(seed, asked.budget) for seed in range(asked.runs)]
    return int(not all(reached))


def _row(seed: int, budget: str | None) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        data, weights = needed(DATA / "trashnet192.zip"), needed(WEIGHTS)
        options = ["--weights", weights, "--seed", str(seed), "--out", out, "--no-cache"]
        options += ["--budget", budget] if budget else []
        cost = run([linnaeus(), "train", data, *options])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
    figure, learning_s = metrics["test"]["accuracy"], metrics["training"]["seconds"]
    value, low, high = (f"{100 * figure[key]:.1f} %" for key in ("value", "low", "high"))
    stages = "; ".join(map(_stage, metrics["training"]["stages"]))
    print(
        f"| {seed} | {value} | {low} to {high} | {learning_s:.1f} s | {cost.seconds:.1f} s |"
        f" {cost.peak_mb:,.0f} MB | {stages} |",
        flush=True,
    )
    if budget:
        in_time = learning_s <= MOST_OF_BUDGET * parse_budget(budget)
        return bool(figure["value"] >= LEAST_IN_BUDGET and in_time and cost.peak_mb <= MOST_MB)
    in_time = learning_s <= MOST_LEARNING_S and cost.seconds <= MOST_SECONDS
    return bool(figure["value"] >= LEAST_ACCURACY and in_time and cost.peak_mb <= MOST_MB)


def _stage(stage: dict[str, Any]) -> str:
    """A stage in a cell: its name, validation accuracy, time, and whether it was kept."""
    if stage["validation_accuracy"] is None:
        return f"{stage['name']} left out"
    kept = "" if stage["kept"] else ", not kept"
    right = 100 * stage["validation_accuracy"]
    return f"{stage['name']} {right:.1f} % in {stage['seconds']:.0f} s{kept}"


if __name__ == "__main__":
    sys.exit(main())
