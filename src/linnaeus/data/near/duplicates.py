"""Pictures that show a photograph again: recompressed, resized, cut or shifted in brightness.

From the small grey likenesses of all pictures to the pairs that are near copies of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.near.search import near_pairs
from linnaeus.progress import Progress

__all__ = ["NearDuplicates", "near_duplicates"]

MAX_DISTANCE = 7
LEAST_LIKENESS = 0.98


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Pairs of pictures of which one is a near copy of the other.

    `pairs`: (m, 2) int64 rows, the smaller first, sorted; exact copies are among them.
    `likeness`: (m,) float32, correlation of the two after alignment, up to 1.
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
    """Find near copies among pictures, by their thumbnails (n, size, size) uint8 grey.

    Rows that are not `readable` (n,) have none, and neither have pictures of one brightness. With
    `mirrored`, pictures turned left to right count as copies too.
    """
    rows = np.flatnonzero(readable & (thumbnails.std(axis=(1, 2)) > 0))
    blocks = thumbnails[rows].reshape(len(rows), 8, 4, 8, 4).mean(axis=(2, 4)).reshape(-1, 64)
    bits = blocks > np.median(blocks, axis=1, keepdims=True)
    hashes = np.packbits(bits, axis=1).view(np.uint64)
    pairs = near_pairs(hashes, MAX_DISTANCE, progress=progress)
    flat = blocks - blocks.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    likeness = (flat[pairs[:, 0]] * flat[pairs[:, 1]]).sum(axis=1).astype(np.float32)
    near = likeness >= LEAST_LIKENESS
    return NearDuplicates(rows[pairs[near]], likeness[near])
