"""How long the search of near hashes takes among a million of them, and how much memory.

Three sets of 1,000,000 hashes of 64 bits, each searched in a process of its own: `uniform` bits;
`clustered`, of which a tenth stands in 20 clusters of 5,000 equal hashes; and `smooth`, the hashes
that random pictures get which have the falling spectrum of photographs and share a ground. In each,
1,000 pairs are planted that differ in as many bits as are asked for, and all have to be found.

    python benchmarks/near_search.py [--count N]

Ends with 1 where a set takes more than 120 s or 2 GB, or a planted pair is missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.data.near.duplicates import MAX_DISTANCE
from linnaeus.data.near.hashes import hashes_of_views
from linnaeus.data.near.search import near_pairs
from linnaeus.data.thumbnails import THUMBNAIL_PX

COUNT = 1_000_000
PLANTED = 1000
SEED = 1707
MOST_S, MOST_MB = 120, 2000
CLUSTERS, CLUSTER_SHARE = 20, 0.1
SHARED = 0.7  # how strong the ground of the smooth pictures is beside what is their own
CHUNK = 20_000

Hashes = NDArray[np.uint64]


def uniform(count: int, draw: np.random.Generator) -> Hashes:
    return draw.integers(0, 1 << 64, (count, 1), np.uint64)


def clustered(count: int, draw: np.random.Generator) -> Hashes:
    hashes = uniform(count, draw)
    members = draw.choice(count, int(count * CLUSTER_SHARE), replace=False)
    hashes[members] = uniform(CLUSTERS, draw)[draw.integers(0, CLUSTERS, len(members))]
    return hashes


def smooth(count: int, draw: np.random.Generator) -> Hashes:
    place = np.arange(THUMBNAIL_PX)
    cosines = np.cos(np.pi * (2 * place[:, None] + 1) * place / (2 * THUMBNAIL_PX))
    falling = (1 + np.hypot(place[:, None], place)) ** -1.0
    ground = draw.standard_normal((THUMBNAIL_PX, THUMBNAIL_PX)) * falling * SHARED
    chunks = []
    for low in range(0, count, CHUNK):
        size = (min(CHUNK, count - low), THUMBNAIL_PX, THUMBNAIL_PX)
        spectra = draw.standard_normal(size, np.float32) * falling + ground
        pictures = 128 + 20 * (cosines @ spectra @ cosines.T)
        chunks.append(hashes_of_views(np.clip(pictures, 0, 255).astype(np.uint8))[0])
    return np.concatenate(chunks)[:, None]


SETS = {"uniform": uniform, "clustered": clustered, "smooth": smooth}


def search(name: str, count: int) -> None:
    """Search one set; print pairs, seconds and planted pairs found, parted by spaces."""
    draw = np.random.default_rng(SEED)
    hashes = SETS[name](count, draw)
    _, first, copies = np.unique(hashes, return_index=True, return_counts=True)
    rows = draw.choice(first[copies == 1], 2 * PLANTED, replace=False).reshape(-1, 2)
    for one, other in rows.tolist():
        bits = draw.choice(64, MAX_DISTANCE, replace=False).astype(np.uint64)
        hashes[other] = hashes[one] ^ np.bitwise_or.reduce(np.uint64(1) << bits)
    start_s = time.perf_counter()
    pairs = near_pairs(hashes, MAX_DISTANCE).pairs
    taken_s = time.perf_counter() - start_s
    rows.sort(axis=1)
    found = np.isin(rows @ [count, 1], pairs @ [count, 1]).sum()
    print(len(pairs), taken_s, found, peak_mb())


def peak_mb() -> float:
    """The most memory that this process held; getrusage would begin at that of its parent."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--count", type=int, default=COUNT)
    asked.add_argument("--one", choices=SETS, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.one:
        search(options.one, options.count)
        return
    print(f"{options.count:,} hashes, within {MAX_DISTANCE} of 64 bits; {machine()}\n")
    print(f"{'set':10s} {'pairs':>12s} {'seconds':>8s} {'peak MB':>8s} {'planted found':>14s}")
    missed = False
    for name in SETS:
        command = [sys.executable, __file__, "--one", name, "--count", str(options.count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        pairs, taken_s, found, peak = (float(part) for part in done.stdout.split())
        print(f"{name:10s} {pairs:12,.0f} {taken_s:8.1f} {peak:8.0f} {found:8.0f} / {PLANTED}")
        missed |= taken_s > MOST_S or peak > MOST_MB or found < PLANTED
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
