"""What smaller bundles cost and bring: `linnaeus compress` on the network of trashnet192.

    python benchmarks/compression.py [--method int8 --method float16] [--data DIR_OR_ZIP]
        [--run RUN] [--epochs N]

Trains mobilenetv2_100 on 2,527 photographs of waste as `benchmarks/trashnet.py` does, once, or
takes the finished RUN, and makes a smaller bundle of it by each method, of which those that learn
pass N times over the training pictures; prints size, size when packed, time of an answer (the
network alone, one picture at a time, in turns with the original), pictures a second from files, and
accuracy on the test pictures before and after, each with its 95 % interval. Ends with 1 where INT8
is less than 3 times smaller, less than 1.5 times as fast, or loses more than a point.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _measuring import DATA, WEIGHTS, linnaeus, machine, needed, run
from linnaeus.compression.method import LEARNING

SMALLER, FASTER, LOST = 3.0, 1.5, 0.01


def main() -> int:
    """Print the table; 1 where a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--method", action="append", help="as linnaeus compress takes it")
    parser.add_argument("--data", type=Path, default=DATA / "trashnet192.zip")
    parser.add_argument("--run", type=Path, help="what to make smaller, trained on the data")
    parser.add_argument("--epochs", help="as linnaeus compress takes it")
    asked = parser.parse_args()
    print(machine())
    print(
        "| method | bundle | packed | graph | one answer | times as fast | pictures a second"
        " | right on test | points lost | runtime |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = needed(asked.data)
        original = asked.run or _trained(data, Path(folder) / "run")
        reached = []
        for method in asked.method or ["int8"]:
            out = Path(folder) / method.replace("+", "-")
            options = ["--method", method, "--max-drop", "100", "--out", out]
            if asked.epochs is not None and method.split("+")[0] in LEARNING:
                options += ["--epochs", asked.epochs]
            run([linnaeus(), "compress", original, "--data", data, *options])
            reached.append(_row(method, out))
        return int(not all(reached))


def _trained(data: Path, out: Path) -> Path:
    weights = needed(WEIGHTS)
    run([linnaeus(), "train", data, "--weights", weights, "--seed", "0", "--out", out])
    return out


def _row(method: str, out: Path) -> bool:
    told = json.loads((out / "compression.json").read_text("utf-8"))
    (one,) = told["tried"]
    before = told["before"]
    test = one["test"]
    old, new = one["speed_before"], one["speed"]
    took_before, took = (_ends(each["answer"]["median_s"], 1e3, 2) for each in (old, new))
    print(
        f"| {method} | {before['size_bytes'] / 1e6:.1f} → {told['size_bytes'] / 1e6:.1f} MB"
        f" | {before['packed_bytes'] / 1e6:.1f} → {told['packed_bytes'] / 1e6:.1f} MB"
        f" | {before['graph_bytes'] / 1e6:.2f} → {one['graph_bytes'] / 1e6:.2f} MB"
        f" | {took_before} → {took} ms"
        f" | {_ends(new['times_as_fast'], 1, 2)} | {_ends(old['pictures_a_second'], 1, 0)} →"
        f" {_ends(new['pictures_a_second'], 1, 0)} | {_ends(test['first'], 100, 1)} →"
        f" {_ends(test['second'], 100, 1)} % of {test['images']}"
        f" | {_ends(test['difference'], 100, 1)} | {one['engine']}: {one['why']} |",
        flush=True,
    )
    if method != "int8":
        return True
    smaller = before["graph_bytes"] / one["graph_bytes"] >= SMALLER
    faster = new["times_as_fast"]["value"] >= FASTER
    return bool(smaller and faster and test["difference"]["value"] <= LOST)


def _ends(figure: dict[str, Any], times: float, digits: int) -> str:
    value, low, high = (f"{times * figure[end]:.{digits}f}" for end in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


if __name__ == "__main__":
    sys.exit(main())
