"""The calibration error on real test pictures, before and after the calibration that was chosen.

    python benchmarks/calibration.py [--sets trashnet192 clothing160 …] [--seeds 3] [--budget 60]

Runs `linnaeus train` as a user would: on trashnet192, clothing160 and deeppcb a linear head on a
pretrained backbone (`--preset quick`), on cifar10 a network from scratch for `--budget` seconds.
Reads from the reports the calibration error freed of its bias, on the test, with and without the
calibration; for a run that was not calibrated they are the same. Prints a row a set, means over the
seeds with the worst in brackets. Ends with 1 where the mean is above 0.03, or above that before.

What the budget buys of the network depends on what else the machine does; the figures hold for
whatever was learnt, and the accuracy in the row says how good that was.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run

QUICK = ("--preset", "quick", "--weights", str(WEIGHTS))
SETS = {
    "trashnet192": ("trashnet192.zip", QUICK),
    "clothing160": ("clothing160.tar", QUICK),
    "deeppcb": ("deeppcb_crops.tar.xz", QUICK),
    "cifar10": ("cifar10.tar.xz", ("--model", "small_cnn")),
}
MOST_ERROR = 0.03


def main() -> int:
    """Print the table; 1 where the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--seeds", type=int, default=3, help="trainings with seeds 0, 1, …")
    parser.add_argument("--budget", type=int, default=60, help="seconds to learn cifar10 in")
    asked = parser.parse_args()
    print(machine())
    print("| set | test pictures | accuracy | calibrated by | error before | after | log loss |")
    print("|---|---|---|---|---|---|---|", flush=True)
    missed = 0
    for name in asked.sets:
        runs = [_numbers(name, seed, asked.budget) for seed in range(asked.seeds)]
        missed |= _print_row(name, runs)
    return missed


def _numbers(name: str, seed: int, budget_s: int) -> dict[str, Any]:
    """metrics.json of one training."""
    file, options = SETS[name]
    limit = ("--budget", f"{budget_s}s") if name == "cifar10" else ()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        data = needed(DATA / file)
        run([linnaeus(), "train", data, *options, *limit, "--seed", str(seed), "--out", out])
        found: dict[str, Any] = json.loads((out / "report/metrics.json").read_text("utf-8"))
        return found


def _print_row(name: str, runs: list[dict[str, Any]]) -> int:
    """Print the row of one set; 1 where its figure is missed."""
    after = np.array([one["test"]["calibration_error"]["value"] for one in runs])
    before = np.array(
        [
            error["value"] if (error := one["bundle"]["uncalibrated_error"]) else now
            for one, now in zip(runs, after, strict=True)
        ]
    )
    methods = Counter(one["bundle"]["calibration"]["method"] for one in runs)
    chosen = ", ".join(f"{method} {count}" for method, count in methods.most_common())
    accuracy, loss = (
        np.mean([one["test"][figure]["value"] for one in runs])
        for figure in ("accuracy", "log_loss")
    )
    print(
        f"| {name} | {runs[0]['test']['images']:,} | {accuracy:.1%} | {chosen}"
        f" | {before.mean():.4f} ({before.max():.4f}) | {after.mean():.4f} ({after.max():.4f})"
        f" | {loss:.3f} |",
        flush=True,
    )
    return int(after.mean() > min(MOST_ERROR, before.mean()))


if __name__ == "__main__":
    sys.exit(main())
