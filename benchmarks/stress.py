"""How long a whole stress test takes: 75 conditions of 2,000 CIFAR-10 pictures, a small network.

    python benchmarks/stress.py [--pictures 2000] [--small]

Learns cnn-small for one pass first (not timed). Must reach: ≤ 4 minutes for the fifteen corruptions
at five severities, reading and answering included. `--small` takes digits and 20 pictures, which
shows that the script runs and is no figure. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import linnaeus
from _measuring import DATA, machine, needed
from linnaeus.robustness.corruptions import CORRUPTIONS

MOST_S = 240.0


def main() -> int:
    """Print the row; 1 where it takes longer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    data = "digits" if asked.small else needed(DATA / "cifar10.tar.xz")
    limit = 20 if asked.small else asked.pictures
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        run = linnaeus.train(data, out=Path(folder) / "run", model="cnn-small", epochs=1)
        start_s = time.perf_counter()
        (done,) = linnaeus.stress(run.bundle, data, kinds=list(CORRUPTIONS), limit=limit)
        took_s = time.perf_counter() - start_s
    print("| pictures | conditions | time | mean corruption error |")
    print("|---|---|---|---|")
    error = done.mean_corruption_error or 0.0
    print(f"| {done.pictures:,} | {len(done.conditions)} | {took_s:.0f} s | {error:.1%} |")
    return int(took_s > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
