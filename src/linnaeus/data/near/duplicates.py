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
from linnaeus.data.thumbnails import THUMBNAIL_PX
from linnaeus.progress import Progress

__all__ = ["SEARCH_VERSION", "NearDuplicates", "near_duplicates"]

SEARCH_VERSION = 1
"""To be raised whenever other pairs are found among the same thumbnails: found pairs are kept."""

MAX_DISTANCE = 7


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Pairs of pictures of which one is a near copy of the other.

    `pairs`: (m, 2) int64 rows, the smaller first, sorted; exact copies are among them.
    `likeness`: (m,) float32, the share of one's variance that the other explains, up to 1.
    `crowded`: how many different pictures are at first sight like so many others that not all were
    compared, so that near copies among them can be missing. None in sets of photographs; 468 of
    the 11,262 grey crops of DeepPCB.
    """

    pairs: NDArray[np.int64]
    likeness: NDArray[np.float32]
    crowded: int

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the search may have missed, as sentences."""
        if not self.crowded:
            return ()
        count = f"{self.crowded:,} pictures are at first sight like so many others"
        return (f"{count} that not all were compared: near copies of them can have been missed.",)


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
    pairs, turned, crowded = _candidates(seen, mirrored, progress)
    judged = compared(seen, pairs, turned)
    best: dict[tuple[int, int], float] = {}
    for row in np.flatnonzero(judged.copies).tolist():
        pair = int(rows[pairs[row, 0]]), int(rows[pairs[row, 1]])
        best[pair] = max(float(judged.explained[row]), best.get(pair, -1.0))
    found = sorted(best)
    return NearDuplicates(
        np.array(found, np.int64).reshape(-1, 2),
        np.array([best[pair] for pair in found], np.float32),
        _different(seen[crowded]),
    )


def _different(thumbnails: NDArray[np.uint8]) -> int:
    """How many of `thumbnails` (n, 32, 32) differ from each other; 0 where they are all one."""
    count = len(np.unique(thumbnails.reshape(-1, THUMBNAIL_PX**2), axis=0))
    return count if count > 1 else 0


def _candidates(
    seen: NDArray[np.uint8], mirrored: bool, progress: Progress | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """(m, 2) pairs whose hashes are near in some views, (m,) whether the second is turned, and
    (n,) which pictures have too many like them, in any view, for all to be compared."""
    count = len(seen)
    hashes = hashes_of_views(seen)
    views = len(hashes)
    if mirrored:
        hashes = np.concatenate([hashes, hashes_of_views(seen[:, :, ::-1])[:1]])
    near, crowded = near_pairs(hashes.reshape(-1, 1), MAX_DISTANCE, progress=progress)
    turned = (near[:, 0] >= views * count) != (near[:, 1] >= views * count)
    pairs = np.sort(near % max(1, count), axis=1)
    others = pairs[:, 0] != pairs[:, 1]
    found = np.unique(np.column_stack([pairs[others], turned[others]]), axis=0).reshape(-1, 3)
    in_any_view = np.asarray(crowded.reshape(len(hashes), count).any(axis=0))
    return found[:, :2], found[:, 2].astype(bool), in_any_view
