"""Hashes of pictures that copies share, though they be cut, darker, or saved anew.

A hash holds the signs of the 64 slowest waves (DCT) of a picture but for its mean: what is brighter
where, regardless of how bright the whole is. Of 60,000 small photographs (CIFAR-10) about 2,400
pairs share all but seven signs; of hashes by the median of 8 × 8 blocks, more than a million do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.near.alignment import VIEW_PX, Floats, Thumbnails, views

__all__ = ["hashes_of_views"]

BITS = 64
CHUNK = 4096


def hashes_of_views(thumbnails: Thumbnails) -> NDArray[np.uint64]:
    """(6, n) the hash of each of the `alignment.VIEWS` of (n, 32, 32) grey likenesses."""
    chunks = [
        np.stack([_hashes(view) for view in views(thumbnails[low : low + CHUNK])])
        for low in range(0, len(thumbnails), CHUNK)
    ]
    return np.concatenate([np.empty((6, 0), np.uint64), *chunks], axis=1)


def _hashes(grey: Floats) -> NDArray[np.uint64]:
    """(n,) of (n, 16, 16)."""
    place = np.arange(VIEW_PX)
    cosines = np.cos(np.pi * (2 * place + 1) * place[:, None] / (2 * VIEW_PX)).astype(np.float32)
    waves = cosines @ grey @ cosines.T
    down, across = _slowest()
    packed = np.packbits(waves[:, down, across] > 0, axis=1)
    return np.ascontiguousarray(packed).view(np.uint64)[:, 0]


def _slowest() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the 64 waves that turn most slowly, in an order that mixes them.

    The search cuts hashes into bands of neighbouring bits; slow and fast ones tell apart best
    together.
    """
    down, across = np.indices((VIEW_PX, VIEW_PX)).reshape(2, -1)
    order = np.lexsort((down, down + across))[1 : BITS + 1]
    mixed = order.reshape(-1, 4).T.ravel()
    return down[mixed], across[mixed]
