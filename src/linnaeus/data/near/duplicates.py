"""Pictures that show a photograph again: recompressed, resized, cut or shifted in brightness.

From the small grey likenesses of all pictures to the pairs that are near copies of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.near.alignment import compared
from linnaeus.data.near.hashes import hashes_of_views
from linnaeus.data.near.search import near_pairs
from linnaeus.progress import Progress

__all__ = ["NearDuplicates", "near_duplicates"]

MAX_DISTANCE = 7


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Pairs of pictures of which one is a near copy of the other.

    `pairs`: (m, 2) int64 rows, the smaller first, sorted; exact copies are among them.
    `likeness`: (m,) float32, the share of one's variance that the other explains, up to 1.
    """

    pairs: NDArray[np.int64]
    likeness: NDArray[np.float32]


def near_duplicates(
    thumbnails: NDArray[np.uint8],
    readable: NDArray[np.bool_],
    *,
    mirrored: bool = False,
    progress: Progress | None = None,
) -> NearDuplicates:
    """Find near copies among pictures, by their thumbnails (n, 32, 32) uint8 grey.

    Rows that are not `readable` (n,) have none, and neither have pictures of one brightness. With
    `mirrored`, pictures turned left to right count as copies too. Found are copies of which up to
    5 % was cut off at any edge.
    """
    rows = np.flatnonzero(readable & (thumbnails.std(axis=(1, 2)) > 0))
    seen = thumbnails[rows]
    pairs, turned = _candidates(seen, mirrored, progress)
    judged = compared(seen, pairs, turned)
    best: dict[tuple[int, int], float] = {}
    for row in np.flatnonzero(judged.copies).tolist():
        pair = int(rows[pairs[row, 0]]), int(rows[pairs[row, 1]])
        best[pair] = max(float(judged.explained[row]), best.get(pair, -1.0))
    found = sorted(best)
    return NearDuplicates(
        np.array(found, np.int64).reshape(-1, 2),
        np.array([best[pair] for pair in found], np.float32),
    )


def _candidates(
    seen: NDArray[np.uint8], mirrored: bool, progress: Progress | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(m, 2) pairs whose hashes are near in some views, and (m,) whether the second is turned."""
    count = len(seen)
    hashes = hashes_of_views(seen)
    views = len(hashes)
    if mirrored:
        hashes = np.concatenate([hashes, hashes_of_views(seen[:, :, ::-1])[:1]])
    near = near_pairs(hashes.reshape(-1, 1), MAX_DISTANCE, progress=progress)
    turned = (near[:, 0] >= views * count) != (near[:, 1] >= views * count)
    pairs = np.sort(near % max(1, count), axis=1)
    others = pairs[:, 0] != pairs[:, 1]
    found = np.unique(np.column_stack([pairs[others], turned[others]]), axis=0).reshape(-1, 3)
    return found[:, :2], found[:, 2].astype(bool)
