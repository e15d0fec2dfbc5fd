"""What AugMix is worth under corruptions: small networks for CIFAR-10, in the same time.

    python benchmarks/augmix.py [--model NETWORK] [--budget 5m] [--pictures 2000] [--seeds 1]
                                [--two] [--draw 0] [--small]

Learns from pictures as they are, with AugMix of severity 3 beside the usual shifts and mirror
images, and with `--augment auto`, which takes AugMix, noise, blur and stronger contrast in where
there is time for enough passes; all are judged under the fifteen common corruptions at five
severities, of which three are noise, four blur and one contrast, though stronger. Test pictures and
corruptions are drawn by `--draw`. The budget chooses the network unless one is named. Must reach:
with `auto` a mean corruption accuracy 6 points higher than without. `--small` learns digits for a
moment, which shows that the script runs and is no figure. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import linnaeus
from _measuring import cifar10, machine
from linnaeus import Dataset
from linnaeus.robustness.corruptions import CORRUPTIONS
from linnaeus.robustness.stressing import Stressed

LEAST_POINTS = 6.0
WAYS = {
    "none": "network.augment=none",
    "augmix": "network.augment.augmix=3",
    "auto": "network.augment=auto",
}


def main() -> int:
    """Print a row for each way and seed; 1 where auto gains too little."""
    asked = _arguments()
    print(machine())
    data = cifar10(small=asked.small)
    print("| seed | augmentation | good pictures | corrupted | 95 % interval |")
    print("|---|---|---|---|---|")
    gained = [_gained(data, asked, seed) for seed in range(asked.seeds)]
    mean = float(np.mean(gained))
    print(f"\nauto gains {mean:+.1f} points of mean corruption accuracy (mean of {asked.seeds})")
    return int(mean < LEAST_POINTS and not asked.small)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--budget", default="5m", help="for each training")
    parser.add_argument("--model", help="by default the one that the budget chooses")
    parser.add_argument("--two", action="store_true", help="leave AugMix alone out")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--draw", type=int, default=0, help="seed of the pictures and corruptions")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    return parser.parse_args()


def _gained(data: Dataset, asked: argparse.Namespace, seed: int) -> float:
    """The points that `auto` brings over nothing; prints a row for each way."""
    reached = {}
    for name in [name for name in WAYS if name != "augmix" or not asked.two]:
        network, done = _stressed(data, asked, WAYS[name], seed)
        clean, corrupted = done.clean.accuracy, done.corrupted
        assert corrupted is not None
        reached[name] = corrupted.value
        print(
            f"| {seed} | {name}, {network} | {clean.value:.1%} | {corrupted.value:.1%}"
            f" | {corrupted.low:.1%} to {corrupted.high:.1%} |",
            flush=True,
        )
    return 100 * (reached["auto"] - reached["none"])


def _stressed(
    data: Dataset, asked: argparse.Namespace, setting: str, seed: int
) -> tuple[str, Stressed]:
    """The network that learnt, and how it stands up."""
    with tempfile.TemporaryDirectory() as folder:
        run = linnaeus.train(
            data,
            out=Path(folder) / "run",
            model="cnn-tiny" if asked.small else asked.model,
            budget="3s" if asked.small else asked.budget,
            seed=seed,
            settings=[setting],
        )
        described = json.loads((run.bundle / "bundle.json").read_text(encoding="utf-8"))
        (done,) = linnaeus.stress(
            run.bundle,
            data,
            kinds=list(CORRUPTIONS),
            limit=50 if asked.small else asked.pictures,
            seed=asked.draw,
        )
        return str(described["model"]["architecture"]), done


if __name__ == "__main__":
    sys.exit(main())
