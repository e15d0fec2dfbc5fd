"""How well and how fast `linnaeus train trashnet192.zip --weights DIR` does, all in.

    python benchmarks/trashnet.py [--runs 3]

Runs the command as a user would, from archive to report, once for each seed (so each with another
split), and prints a row a run: accuracy of the finished bundle on its held-out pictures, seconds
and peak memory of the whole process. Ends with 1 where a run misses 84 %, 40 s or 2 GB.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run

LEAST_ACCURACY, MOST_SECONDS, MOST_MB = 0.84, 40.0, 2048.0


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3, help="runs with seeds 0, 1, …")
    asked = parser.parse_args()
    print(machine())
    print("| seed | test accuracy | 95 % interval | all in | peak memory |")
    print("|---|---|---|---|---|")
    reached = [_row(seed) for seed in range(asked.runs)]
    return int(not all(reached))


def _row(seed: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        data, weights = needed(DATA / "trashnet192.zip"), needed(WEIGHTS)
        options = ["--weights", weights, "--seed", str(seed), "--out", out]
        cost = run([linnaeus(), "train", data, *options])
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
    figure = metrics["test"]["accuracy"]
    value, low, high = (f"{100 * figure[key]:.1f} %" for key in ("value", "low", "high"))
    print(
        f"| {seed} | {value} | {low} to {high} | {cost.seconds:.1f} s | {cost.peak_mb:,.0f} MB |",
        flush=True,
    )
    return (
        figure["value"] >= LEAST_ACCURACY
        and cost.seconds <= MOST_SECONDS
        and cost.peak_mb <= MOST_MB
    )


if __name__ == "__main__":
    sys.exit(main())
