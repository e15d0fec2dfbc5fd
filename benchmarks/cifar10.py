"""How well `linnaeus train cifar10.tar.xz --budget 2m` does, run as a user would run it.

    python benchmarks/cifar10.py [ARCHIVE] [--budget 2m] [--runs 1] [--reach 0.80]

Trains on the archive's training pictures (a tenth of them held out for validation) for the
budget, then reads the accuracy on the 10,000 test pictures from `report/metrics.json`: the
finished bundle's own answers, through the runtime that would serve it. Prints one row a run, with
the load that other programs put on the machine before it; ends with 1 where a run falls short of
`--reach`. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ARCHIVE = Path(__file__).parents[1] / "../shared/data/cifar10.tar.xz"


def main() -> int:
    """Run the benchmark as often as asked; 1 where a run falls short."""
    asked = _arguments()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {_versions()}")
    print("| seed | budget | test accuracy | 95 % interval | learning | command, all in | load |")
    print("|---|---|---|---|---|---|---|")
    short = 0
    for seed in range(asked.runs):
        short += _run(asked.archive, asked.budget, seed) < asked.reach
    return 1 if short else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", nargs="?", type=Path, default=ARCHIVE)
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--runs", type=int, default=1, help="runs with seeds 0, 1, …")
    parser.add_argument("--reach", type=float, default=0.80, help="test accuracy to be reached")
    return parser.parse_args()


def _run(archive: Path, budget: str, seed: int) -> float:
    """Train once, print a row, and give the test accuracy."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        options = ["--model", "small_cnn", "--budget", budget, "--seed", str(seed)]
        start_s = time.perf_counter()
        command = [_linnaeus(), "train", str(archive), *options, "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took_s = time.perf_counter() - start_s
        metrics = json.loads((out / "report" / "metrics.json").read_text("utf-8"))
    figure, learning_s = metrics["test"]["accuracy"], metrics["training"]["seconds"]
    value, low, high = (f"{100 * figure[key]:.2f} %" for key in ("value", "low", "high"))
    cells = [
        seed,
        budget,
        value,
        f"{low} to {high}",
        f"{learning_s:.0f} s",
        f"{took_s:.0f} s",
        load,
    ]
    print("|", " | ".join(map(str, cells)), "|", flush=True)
    return float(figure["value"])


def _linnaeus() -> str:
    """The command that was installed with this Python."""
    found = shutil.which("linnaeus", path=sysconfig.get_path("scripts"))
    if found is None:
        sys.exit('linnaeus is not installed here. Run: pip install -e ".[train]"')
    return found


def _versions() -> str:
    import torch

    from linnaeus.version import __version__

    return f"Python {platform.python_version()}, torch {torch.__version__}, linnaeus {__version__}"


if __name__ == "__main__":
    sys.exit(main())
