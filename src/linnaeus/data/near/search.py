"""Pairs of near hashes among many, without comparing each with each.

Multi-index hashing (Norouzi, Punjani and Fleet 2012): the bits are cut into so many bands that two
hashes within the distance asked for agree in one of them, but for one bit at most. Sorting by each
band, with each of its bits masked in turn, brings such hashes together; only those are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.progress import Progress, Quiet

__all__ = ["Found", "near_pairs"]

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]

STAND_INS = 16
"""Of more equal hashes than this, the first ones stand for all: blank ones come in thousands."""

WIDEST_BAND_BITS = 24
"""Wider bands tell no more apart in a million hashes, and take more masks."""

REST_BITS = 16
"""Bits outside a band by which those that agree in it are put in order, as far as there is room."""

MOST_COMPARED = 128
"""Of more hashes than this that agree in a band, each is compared with so many that follow it when
they are sorted by other bits; in another band's order others follow."""

CHUNK = 1 << 16
"""Hashes compared at a time: as many as fit in a processor's cache together."""


class Found(NamedTuple):
    """What a search found, and where it may have missed something.

    `pairs`: (m, 2) int64 rows, the smaller first, sorted. `crowded`: (n,) bool, rows with so many
    hashes like theirs that pairs of them can be missing.
    """

    pairs: Rows
    crowded: NDArray[np.bool_]


def near_pairs(hashes: Hashes, max_distance: int, *, progress: Progress | None = None) -> Found:
    """Pairs of rows of `hashes` that differ in at most `max_distance` bits.

    `hashes`: (n, k) uint64, 64 bits a word. None is missing, with two exceptions. Of more than
    `STAND_INS` equal hashes the first `STAND_INS` are paired as any others, and each of the rest
    with the first of them only, so that a hundred thousand blank pictures do not make five billion
    pairs. And where far more hashes than `MOST_COMPARED` agree in every band, a pair of them can be
    missed; of a million hashes by chance about thirty agree in one. Rows of either kind are
    `crowded`.

    So time is that of sorting, and never quadratic; memory is that of a few copies of the hashes,
    and of the pairs.
    """
    equals = _Equals.of(hashes)
    distinct = hashes[equals.first]
    bands = _bands(64 * hashes.shape[1], max_distance)
    found = np.empty(0, np.int64)
    crowded = np.ones(len(distinct), bool)
    with (progress or Quiet()).stage("Searching near duplicates", len(bands)) as stage:
        for band in bands:
            in_band = np.zeros(len(distinct), bool)
            codes = [found, *_agreeing(distinct, band, max_distance, in_band)]
            crowded &= in_band
            found = np.unique(np.concatenate(codes))
            stage.advance()
    firsts, seconds = np.divmod(found, max(1, len(distinct)))
    pairs = np.concatenate([equals.across(firsts, seconds), equals.within()])
    pairs.sort(axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return Found(pairs, equals.for_all(crowded | (equals.counts > STAND_INS)))


@dataclass(frozen=True, eq=False)
class _Equals:
    """Sets of equal hashes: set s has `counts[s]` rows, `rows[starts[s]:][:counts[s]]`, sorted."""

    rows: Rows
    starts: Rows
    counts: Rows

    @classmethod
    def of(cls, hashes: Hashes) -> _Equals:
        rows = np.lexsort(hashes.T).astype(np.int64)  # stable: equal hashes keep their order
        in_order = hashes[rows]
        is_new = np.ones(len(rows), bool)
        is_new[1:] = (in_order[1:] != in_order[:-1]).any(axis=1)
        starts = np.flatnonzero(is_new).astype(np.int64)
        return cls(rows, starts, np.diff(np.append(starts, len(rows))))

    @property
    def first(self) -> Rows:
        return self.rows[self.starts]

    def for_all(self, of_sets: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(n,) for each row what `of_sets` says of its set."""
        of_rows = np.empty(len(self.rows), bool)
        of_rows[self.rows] = np.repeat(of_sets, self.counts)
        return of_rows

    def across(self, some: Rows, others: Rows) -> Rows:
        """(m, 2) rows: each stand-in of a set in `some` with each of its partner in `others`."""
        here, there = np.minimum(self.counts[[some, others]], STAND_INS)
        pair, place = _counted_out(here * there)
        first = self.starts[some][pair] + place // there[pair]
        second = self.starts[others][pair] + place % there[pair]
        return np.stack([self.rows[first], self.rows[second]], axis=1)

    def within(self) -> Rows:
        """(m, 2) rows: the stand-ins of each set with each other, the rest with the first."""
        own, place = _counted_out(self.counts)
        before = np.where(place < STAND_INS, place, 1)
        pair, earlier = _counted_out(before)
        first = self.starts[own][pair] + earlier
        second = (self.starts[own] + place)[pair]
        return np.stack([self.rows[first], self.rows[second]], axis=1)


def _counted_out(counts: Rows) -> tuple[Rows, Rows]:
    """For counts (2, 0, 3): whose each item is (0, 0, 2, 2, 2), and its number (0, 1, 0, 1, 2)."""
    whose = np.repeat(np.arange(len(counts)), counts)
    return whose, np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)


def _bands(bits: int, max_distance: int) -> list[range]:
    """The bits of each band: two errors a band cannot be in all of `max_distance // 2 + 1`."""
    edges = np.linspace(0, bits, max_distance // 2 + 2).astype(int)
    return [range(low, min(high, low + WIDEST_BAND_BITS)) for low, high in pairwise(edges)]


def _agreeing(
    hashes: Hashes, band: range, max_distance: int, crowded: NDArray[np.bool_]
) -> Iterator[Rows]:
    """Codes first * n + second of pairs within the distance that agree in `band` but for one bit.

    Pairs come in either order of their rows, some more than once. Rows that agree with more others
    than they are compared with are set in `crowded` (n,).
    """
    keys = _keys(hashes, band)
    rest = _rest(hashes, band)
    for bit in range(len(band)):
        masked = keys & ~np.uint32(1 << bit)
        order = _in_order(masked, rest)
        keys_in_order = masked[order]
        beyond = MOST_COMPARED + 1
        passed_over = np.flatnonzero(keys_in_order[beyond:] == keys_in_order[:-beyond])
        crowded[order[passed_over]] = crowded[order[passed_over + beyond]] = True
        yield from _close_in_runs(hashes[order], keys_in_order, order, max_distance)


def _rest(hashes: Hashes, band: range) -> NDArray[np.uint32]:
    """(n,) some of the bits outside `band`, by which those that agree in it are put in order."""
    others = [bit for bit in range(64 * hashes.shape[1]) if bit not in band]
    return _keys(hashes, others[:REST_BITS])


def _in_order(keys: NDArray[np.uint32], rest: NDArray[np.uint32]) -> Rows:
    """Rows sorted by `keys`, within equal ones by `rest`: both and the row in one number."""
    row_bits = max(1, len(keys).bit_length())
    spare = 64 - WIDEST_BAND_BITS - row_bits
    sorted_by = keys.astype(np.uint64) << np.uint64(64 - WIDEST_BAND_BITS)
    sorted_by |= (rest.astype(np.uint64) >> np.uint64(max(0, REST_BITS - spare))) << np.uint64(
        row_bits
    )
    sorted_by |= np.arange(len(keys), dtype=np.uint64)
    sorted_by.sort()
    return (sorted_by & np.uint64((1 << row_bits) - 1)).astype(np.int64)


def _keys(hashes: Hashes, band: Sequence[int]) -> NDArray[np.uint32]:
    """(n,) the bits of `band` of each hash, packed."""
    keys = np.zeros(len(hashes), np.uint32)
    for place, bit in enumerate(band):
        ones = (hashes[:, bit // 64] >> np.uint64(bit % 64)) & np.uint64(1)
        keys |= ones.astype(np.uint32) << np.uint32(place)
    return keys


def _close_in_runs(
    hashes: Hashes, keys: NDArray[np.uint32], rows: Rows, max_distance: int
) -> Iterator[Rows]:
    """Codes of close pairs among hashes with equal keys, which stand together."""
    count = len(keys)
    ends = np.searchsorted(keys, keys, side="right")
    for low in range(0, count, CHUNK):
        left = np.arange(low, min(low + CHUNK, count))
        step = 0
        while len(left) and step < MOST_COMPARED:
            step += 1
            left = left[left + step < ends[left]]
            close = left[_distances(hashes[left], hashes[left + step]) <= max_distance]
            if len(close):
                pair = np.sort([rows[close], rows[close + step]], axis=0)
                yield pair[0] * count + pair[1]


def _distances(some: Hashes, others: Hashes) -> NDArray[np.int64]:
    """(n,) bits in which hashes differ, row by row."""
    counts: NDArray[np.int64] = np.bitwise_count(some ^ others).sum(axis=1, dtype=np.int64)
    return counts
