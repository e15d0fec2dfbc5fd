"""The search among more pictures than can be looked at one by one, by faiss.

All are parted into lists by likeness (k-means); a search looks through the few lists that are most
like the query, on features rounded to one byte each, and what is found is ranked anew by the exact
ones. How many lists are looked through is chosen by what is found so, measured on the index itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from linnaeus.errors import MissingError
from linnaeus.searching.pieces import ROWS, piece_rows
from linnaeus.searching.record import (
    APPROXIMATE_FILE,
    PIECES,
    Approximate,
    IndexRecord,
    damaged,
    piece_file,
)
from linnaeus.searching.similarity import Nearest

__all__ = ["add_approximate", "approximate_nearest", "require_faiss", "units_of"]

Features = NDArray[np.float32]

LEARNT_FROM = 64
"""Pictures a list that k-means learns from: faiss asks for 39 at least and takes no more than 256;
of a million pictures and 2,704 features 64 are 690 MB."""

MEASURED_ON = 64  # pictures of the index, whose ten most similar are looked for in both ways
MEASURED_AT = 10
RECALL = 0.99
"""The share of the ten most similar to be found on average, or all lists are looked through."""

CANDIDATES = 4
LEAST_CANDIDATES = 100
"""Pictures that are ranked anew by their exact features: so many times those asked for, and at
least so many. Rounding to a byte changes similarities by some thousandths."""

RANKED_AT_ONCE = 8192
"""Candidates whose exact features are in memory at a time: 89 MB of 2,704 features, however many
pictures are looked for."""


def require_faiss(exact_to: int) -> Any:
    """The faiss package. Raises MissingError where it is not installed."""
    try:
        import faiss
    except ImportError:
        raise MissingError(
            f"searching among more than {exact_to:,} pictures needs faiss, which this installation"
            " does not have",
            mend='Install it with: pip install "linnaeus[search]"',
        ) from None
    return faiss


def units_of(folder: Path, record: IndexRecord) -> Iterator[Features]:
    """The pieces (k, d) of an index's features in their order, one in memory at a time."""
    return (piece_rows(folder / PIECES, number) for number in range(len(record.pieces)))


def add_approximate(folder: Path, record: IndexRecord) -> Approximate:
    """Add to the index in `folder`, whose pieces stand, what makes searching it fast."""
    faiss = require_faiss(0)
    lists = max(1, min(round(record.pictures**0.5), record.pictures // LEARNT_FROM))
    index = faiss.index_factory(record.dimensions, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(_evenly(folder, record, LEARNT_FROM * lists))
    for units in units_of(folder, record):
        index.add(units)
    through, recall = _looked_through(index, folder, record)
    faiss.write_index(index, str(folder / APPROXIMATE_FILE))
    return Approximate(
        lists=lists,
        looked_through=through,
        recall=recall,
        measured_on=min(MEASURED_ON, record.pictures),
    )


def approximate_nearest(
    folder: Path, record: IndexRecord, queries: Features, count: int
) -> tuple[NDArray[np.int64], Features]:
    """Places (n, k) int64 and similarities (n, k) of the most similar that are found.

    `queries` (n, d) are rows of length 1. Raises MissingError without faiss, DataError where the
    index is damaged.
    """
    assert record.approximate is not None
    faiss = require_faiss(0)
    file = folder / APPROXIMATE_FILE
    try:
        index = faiss.read_index(str(file))
    except RuntimeError:
        raise damaged(file, "faiss cannot read it") from None
    return _ranked(index, record.approximate.looked_through, folder, record, queries, count)


def _looked_through(index: Any, folder: Path, record: IndexRecord) -> tuple[int, float]:
    """The fewest lists, a power of two or all, among which enough is found, and the share of it."""
    queries = _evenly(folder, record, MEASURED_ON)
    exact = Nearest(queries, MEASURED_AT)
    for units in units_of(folder, record):
        exact.show(units)
    through = 1
    while True:
        found, _ = _ranked(index, through, folder, record, queries, MEASURED_AT)
        recall = float(
            np.mean([np.isin(a, b).mean() for a, b in zip(exact.places, found, strict=True)])
        )
        if recall >= RECALL or through == index.nlist:
            return through, recall
        through = min(2 * through, index.nlist)


def _ranked(
    index: Any, through: int, folder: Path, record: IndexRecord, queries: Features, count: int
) -> tuple[NDArray[np.int64], Features]:
    """What `through` lists of `index` hold, ranked by the exact similarities."""
    index.nprobe = through
    wanted = min(max(CANDIDATES * count, LEAST_CANDIDATES), record.pictures)
    some = max(1, RANKED_AT_ONCE // wanted)
    best = min(count, wanted)
    places = np.full((len(queries), best), -1, np.int64)
    similarities = np.full((len(queries), best), -np.inf, np.float32)
    for start in range(0, len(queries), some):
        part = slice(start, start + some)
        _, candidates = index.search(np.ascontiguousarray(queries[part]), wanted)
        _rank(folder, record, queries[part], candidates, places[part], similarities[part])
    return places, similarities


def _rank(
    folder: Path,
    record: IndexRecord,
    queries: Features,
    candidates: NDArray[np.int64],
    places: NDArray[np.int64],
    similarities: Features,
) -> None:
    """Write the best of each query's `candidates` (n, c) to `places` (n, k) and `similarities`."""
    rows = np.unique(candidates[candidates >= 0])
    units = _rows(folder, record, rows)
    best = places.shape[1]
    for at, (query, some) in enumerate(zip(queries, candidates, strict=True)):
        mine = np.sort(some[some >= 0])
        nearest = Nearest(query[None], best)
        nearest.show(units[np.searchsorted(rows, mine)])
        kept = nearest.places.shape[1]
        places[at, :kept] = mine[nearest.places[0]]
        similarities[at, :kept] = nearest.similarities[0]


def _evenly(folder: Path, record: IndexRecord, count: int) -> Features:
    """About `count` pictures' features, evenly from all over the index."""
    places = np.linspace(0, record.pictures - 1, min(count, record.pictures)).round()
    return _rows(folder, record, np.unique(places.astype(np.int64)))


def _rows(folder: Path, record: IndexRecord, places: NDArray[np.int64]) -> Features:
    """The features (k, d) at rising `places`, read alone: what lies between them is not touched.

    Raises DataError where a piece is missing or damaged.
    """
    ends = np.cumsum(record.pieces)
    of_piece = np.searchsorted(ends, places, side="right")
    found = np.empty((len(places), record.dimensions), np.float32)
    for number in np.unique(of_piece).tolist():
        mine = of_piece == number
        start = int(ends[number]) - record.pieces[number]
        file = piece_file(folder / PIECES, number)
        try:
            with safe_open(str(file), framework="numpy") as opened:
                rows = opened.get_slice(ROWS)
                if rows.get_shape() != [record.pieces[number], record.dimensions]:
                    raise damaged(file, "it has other pictures")
                found[mine] = [rows[int(place) - start] for place in places[mine]]
        except (OSError, SafetensorError) as error:
            raise damaged(file, str(error)) from None
    return found
