"""Which of two networks is the better default from scratch, at the length that it then has.

    python benchmarks/default_network.py [NETWORK NETWORK …] [--sets NAME …] [--small]

Each network (small_cnn and airbench-small) learns each set at 32 px for the usual number of passes,
without a budget: a fifth and a fiftieth of CIFAR-10's pictures, defects of circuit boards and hand
signs. Prints the accuracy on the test pictures and the seconds of learning; accuracy does not
depend on what else the machine does. `--small` learns digits for two passes, which shows that the
script runs and is no figure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import linnaeus
from _measuring import DATA, cifar10, machine, needed
from linnaeus import Dataset

SIDE_PX = 32
SETS: dict[str, Callable[[], Dataset]] = {
    "cifar10, a fifth": lambda: _every(cifar10(small=False), 5),
    "cifar10, a fiftieth": lambda: _every(cifar10(small=False), 50),
    "deeppcb": lambda: _every(_set("deeppcb_crops.tar.xz"), 4),
    "sign_language_digits": lambda: _set("sign_language_digits.tar.xz"),
}


def main() -> int:
    """Print a row a set and network."""
    asked = _arguments()
    print(machine())
    print("| set | learnt from | network | passes | test accuracy | 95 % interval | learning |")
    print("|---|---|---|---|---|---|---|")
    for name in ["digits"] if asked.small else asked.sets:
        data = cifar10(small=True) if asked.small else SETS[name]()
        for network in asked.networks:
            print(_row(name, data, network, 2.0 if asked.small else None), flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("networks", nargs="*", default=["small_cnn", "airbench-small"])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--small", action="store_true")
    return parser.parse_args()


def _row(name: str, data: Dataset, network: str, epochs: float | None) -> str:
    with tempfile.TemporaryDirectory() as folder:
        run = linnaeus.train(
            data,
            out=Path(folder) / "run",
            model=network,
            image_size=SIDE_PX,
            epochs=epochs,
            near_duplicates="ignore",
        )
        facts = json.loads((run.folder / "report" / "metrics.json").read_text("utf-8"))
    figure, training = facts["test"]["accuracy"], facts["training"]
    value, low, high = (f"{100 * figure[key]:.2f} %" for key in ("value", "low", "high"))
    passes = training["history"][-1]["epoch"]
    return (
        f"| {name} | {facts['data']['pictures']['train']:,} | {network} | {passes:.3g} | {value}"
        f" | {low} to {high} | {training['seconds']:.0f} s |"
    )


def _set(file: str) -> Dataset:
    return linnaeus.load_dataset(needed(DATA / file))


def _every(data: Dataset, step: int) -> Dataset:
    return data.subset(range(0, len(data), step))


if __name__ == "__main__":
    sys.exit(main())
