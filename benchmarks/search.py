"""How long a search takes, what it finds, and whether memory stays flat.

    python benchmarks/search.py [--pictures 200000] [--features 2704] [--exact-to 200000]

Writes an index of made-up features, as many as a MobileNetV2 has by default: each picture is one of
a thousand kinds (a random centre) and differs from it by as much again as the centres differ. Then
searches it for one picture and for a hundred, and prints the times, those of processors too, which
tell more on a busy machine, and the most memory that the process has had (with PyTorch, which tells
its version alone). The digests of all that is read are
checked, as in any search. With fewer `--exact-to` than pictures, faiss searches: what it finds of
the ten nearest is printed too, as measured when the index was made. No picture is opened:
`linnaeus index` adds the time to look at each.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _measuring import machine
from linnaeus.progress import Quiet
from linnaeus.randomness import generator
from linnaeus.searching.indexing import EXACT_TO, PIECE, finish_index
from linnaeus.searching.pieces import piece_rows, write_piece
from linnaeus.searching.record import PIECES, IndexRecord, PieceRecord
from linnaeus.searching.search import nearest_in

KINDS = 1000
TOP = 10


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=200_000)
    parser.add_argument("--features", type=int, default=2704)
    parser.add_argument("--exact-to", type=int, default=EXACT_TO)
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        record = _made_up(Path(folder), asked.pictures, asked.features)
        index = Path(folder) / "index"
        with _row("index written"):
            record = finish_index(index, Path(folder), record, asked.exact_to, Quiet())
        queries = piece_rows(index / PIECES, 0)[:100]
        for count in (1, 100):
            with _row(f"search for {count}"):
                nearest_in(index, record, queries[:count], TOP)
    if record.approximate is not None:
        print(f"of the ten nearest found: {record.approximate.recall:.4f}, in")
        print(f"{record.approximate.looked_through} of {record.approximate.lists} lists")
    return 0


def _made_up(folder: Path, pictures: int, features: int) -> IndexRecord:
    """Write the pieces of an index of made-up features, and its record."""
    centres = generator(0, "kinds").standard_normal((KINDS, features), np.float32)
    sizes = [min(PIECE, pictures - start) for start in range(0, pictures, PIECE)]
    for number, size in enumerate(sizes):
        names = tuple(f"{number}/{row}" for row in range(size))
        rows = _piece(centres, number, size)
        write_piece(folder, number, rows, PieceRecord(ids=names, labels=("",) * size))
    return IndexRecord(
        linnaeus_version="",
        created="",
        name="made up",
        bundle="",
        bundle_digest="",
        drawn=None,
        dimensions=features,
        pieces=tuple(sizes),
        skipped={},
        left_alone={},
    )


def _piece(centres: NDArray[np.float32], number: int, size: int) -> NDArray[np.float32]:
    chance = generator(0, "pictures", number)
    rows = chance.standard_normal((size, centres.shape[1]), np.float32)
    rows += centres[chance.integers(0, KINDS, size)]
    return rows


@contextmanager
def _row(what: str) -> Iterator[None]:
    """Print what the work inside took."""
    start_s, busy_s = time.perf_counter(), time.process_time()
    yield
    took_s, busy_s = time.perf_counter() - start_s, time.process_time() - busy_s
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:<16} {took_s:8.2f} s   {busy_s:8.2f} s of processors   {most_mb:8.0f} MB at most",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
