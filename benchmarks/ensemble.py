"""Whether an ensemble of three is better than the best of its members, on clothing160.

    python benchmarks/ensemble.py [--members MODEL@SIZE…] [--methods average stack] [--data FILE]

Trains each member as a user would (a model's name, and with @ the side in pixels that pictures are
brought to) on the split that the data come with, combines them by each method, and prints a row a
member and a row an ensemble: accuracy and log loss on the test pictures with 95 % intervals, and
what an answer takes. Under it stands what the report says of the gain. There is no figure to miss:
either the gain is more than chance, by a stated interval, or the report says that it is not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run

MEMBERS = ("mobilenetv2_100@128", "mobilenetv2_100@224", "mobilenetv2_100+rbf-svm")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", nargs="+", default=MEMBERS, metavar="MODEL@SIZE")
    parser.add_argument("--methods", nargs="+", default=["average", "stack"])
    parser.add_argument("--data", type=Path, default=DATA / "clothing160.tar")
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        members = [
            _trained(member, Path(folder) / f"{place}-{member.replace('@', '-')}", asked.data)
            for place, member in enumerate(asked.members)
        ]
        made = [_combined(method, members, Path(folder), asked.data) for method in asked.methods]
    print("| what | accuracy | log loss | an answer |")
    print("|---|---|---|---|")
    for one in made[0]["ensemble"]["members"]:
        print(_row(one["name"], one, one["seconds"]))
    for method, numbers in zip(asked.methods, made, strict=True):
        print(_row(f"**{method} of all**", numbers["test"], numbers["ensemble"]["seconds"]))
    for method, numbers in zip(asked.methods, made, strict=True):
        print(f"\n{method}: {_gain(numbers['ensemble'])}")
    return 0


def _trained(member: str, out: Path, data: Path) -> Path:
    model, _, size = member.partition("@")
    options = ["--image-size", size] if size else []
    weights = ["--weights", needed(WEIGHTS)]
    run([linnaeus(), "train", needed(data), "--model", model, *weights, *options, "--out", out])
    return out


def _combined(method: str, members: list[Path], folder: Path, data: Path) -> dict[str, Any]:
    """What metrics.json says of an ensemble."""
    out = folder / method
    run([linnaeus(), "ensemble", *members, "--data", data, "--method", method, "--out", out])
    numbers: dict[str, Any] = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
    return numbers


def _row(name: str, figures: dict[str, Any], seconds: float) -> str:
    right, loss = figures["accuracy"], figures["log_loss"]
    return (
        f"| {name} | {100 * right['value']:.1f} % ({100 * right['low']:.1f} to"
        f" {100 * right['high']:.1f}) | {loss['value']:.3f} ({loss['low']:.3f} to"
        f" {loss['high']:.3f}) | {1000 * seconds:.1f} ms |"
    )


def _gain(ensemble: dict[str, Any]) -> str:
    accuracy, loss = ensemble["accuracy_gain"], ensemble["log_loss_gain"]
    points = [f"{100 * accuracy[end]:+.1f}" for end in ("value", "low", "high")]
    nats = [f"{loss[end]:+.3f}" for end in ("value", "low", "high")]
    weights = ", ".join(f"{one['weight']:.2f}" for one in ensemble["members"])
    return (
        f"over {ensemble['best']} {points[0]} points ({points[1]} to {points[2]}), log loss"
        f" {nats[0]} ({nats[1]} to {nats[2]}); weights {weights}"
    )


if __name__ == "__main__":
    sys.exit(main())
