"""Whether what is certified holds: 200 CIFAR-10 pictures, each attacked inside its proven radius.

    python benchmarks/smoothing.py [--budget 5m] [--pictures 200] [--draws 1000] [--noise 0.25]

Learns cnn-small from pictures under Gaussian noise first. Must reach: not one smoothed answer that
changes to another class by an attack (SmoothAdv) inside its certified radius. `--small` learns
digits for a moment and certifies 20, which shows that the script runs and is no figure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import linnaeus
from _measuring import cifar10, machine


def main() -> int:
    """Print the rows; 1 where a proof did not hold."""
    asked = _arguments()
    print(machine())
    data = cifar10(small=asked.small)
    with tempfile.TemporaryDirectory() as folder:
        run = linnaeus.train(
            data,
            out=Path(folder) / "run",
            model="cnn-tiny" if asked.small else "cnn-small",
            budget="3s" if asked.small else asked.budget,
            settings=["network.adversary=noise", f"network.adversary_eps={asked.noise}"],
        )
        start_s = time.perf_counter()
        done = linnaeus.certify(
            run.bundle,
            data,
            noise=asked.noise,
            draws=200 if asked.small else asked.draws,
            limit=20 if asked.small else asked.pictures,
            check=True,
        )
        took_s = time.perf_counter() - start_s
    print("| within | right and proven | 95 % interval |")
    print("|---|---|---|")
    for radius, figure in done.by_radius:
        print(f"| {radius:.3f} | {figure.value:.1%} | {figure.low:.1%} to {figure.high:.1%} |")
    print(
        f"\n{len(done.pictures)} pictures, {done.draws:,} copies each, right without noise"
        f" {done.clean.value:.1%}, abstained {done.abstained.value:.1%}; {done.attacked} proofs"
        f" attacked, {done.broken} broken, in {took_s:.0f} s"
    )
    return int(done.broken != 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--noise", type=float, default=0.25)
    parser.add_argument("--small", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
