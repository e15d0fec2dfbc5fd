"""Pictures that count as one: those of one group, and those that are alike pixel for pixel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset
from linnaeus.data.scan import Scan
from linnaeus.data.units import units_of

__all__ = ["copies_among", "together", "together_at"]


def together_at(dataset: Dataset, looked: Scan, rows: NDArray[np.int64]) -> NDArray[np.str_] | None:
    """`together` of the pictures at `rows`; `looked` is the scan of all of `dataset`."""
    return together(dataset.groups_at(rows), [looked.pixel_digests[row] for row in rows.tolist()])


def together(groups: NDArray[np.str_] | None, digests: Sequence[str]) -> NDArray[np.str_] | None:
    """(n,) `groups`, joined where copies tie them; None where each picture stands for itself.

    `groups`: (n,) as `own_groups` gives them, or None. `digests`: (n,) of the pixels, "" of a
    picture that could not be read, which is nobody's copy. A joined group is called by its first.

    >>> together(np.array(["ann", "bob", "cid"]), ["1", "2", "1"]).tolist()
    ['ann', 'bob', 'ann']
    >>> together(None, ["1", "2", ""]) is None
    True
    """
    if not copies_among(digests):
        return groups
    own = [digest or f"unread {place}" for place, digest in enumerate(digests)]
    _, first, unit = np.unique(
        units_of(len(own), own, groups).of, return_index=True, return_inverse=True
    )
    names = np.array(own) if groups is None else groups
    joined: NDArray[np.str_] = names[first][unit]
    return joined


def copies_among(digests: Sequence[str]) -> int:
    """How many pictures have the pixels of another that stands before them."""
    counts = Counter(digest for digest in digests if digest)
    return counts.total() - len(counts)
