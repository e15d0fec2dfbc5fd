"""How well a shipped recipe does on the nearest data at hand, run as a user would run it.

    python benchmarks/recipes.py [textbook-cnn …] [--options "--epochs 2"] [--seed 0]

Runs `linnaeus train DATA --recipe NAME` with the options for each name, or for all that need no
weights, and prints a row a recipe: the accuracy on the test pictures from `report/metrics.json`,
the passes that were learnt, and the time. What was left out of a recipe by `--options` stands in
the row, and so does another network where the weights of the recipe's own are not at hand:
`--options "--model mobilenetv2_100 --weights DIR"`. Accuracy does not depend on what else the
machine does; time does, so the load before stands above the table.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path

from _measuring import DATA, linnaeus, machine, needed, run

NEAREST = {
    "cervical-cells": "trashnet192.zip",
    "folder-150px": "trashnet192.zip",
    "resnetv2-152": "trashnet192.zip",
    "textbook-cnn": "cifar10.tar.xz",
    "textbook-mlp": "cifar10.tar.xz",
}

FROM_SCRATCH = ["textbook-mlp", "textbook-cnn", "folder-150px"]


def main() -> int:
    """Print the table."""
    asked = _arguments()
    print(machine())
    print("| recipe | on | changed | test accuracy | 95 % interval | epochs | learning | all in |")
    print("|---|---|---|---|---|---|---|---|")
    for name in asked.recipes:
        print(_row(name, asked.seed, asked.options), flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("recipes", nargs="*", choices=[*NEAREST, []], help="those without weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--options", default="", help="of linnaeus train, beside the recipe")
    asked = parser.parse_args()
    asked.recipes = asked.recipes or FROM_SCRATCH
    return asked


def _row(name: str, seed: int, options: str) -> str:
    data = needed(DATA / NEAREST[name])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [linnaeus(), "train", data, "--recipe", name, "--seed", str(seed)]
        cost = run([*command, *shlex.split(options), "--out", out])
        return row(out, name, data.name, options, cost.seconds)


def row(out: Path, name: str, data: str, options: str, seconds: float) -> str:
    """The row of the finished run in the folder `out`."""
    metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
    figure, training = metrics["test"]["accuracy"], metrics["training"]
    value, low, high = (f"{100 * figure[key]:.2f} %" for key in ("value", "low", "high"))
    history = training["history"]
    epochs = f"{history[-1]['epoch']:.3g}" if history else "none"
    changed = f"`{options}`" if options else "nothing"
    return (
        f"| {name} | {data} | {changed} | {value} | {low} to {high} | {epochs}"
        f" | {training['seconds']:.0f} s | {seconds:.0f} s |"
    )


if __name__ == "__main__":
    sys.exit(main())
