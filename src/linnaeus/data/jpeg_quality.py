"""The quality that a JPEG was saved with, read back from its quantisation table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["jpeg_quality"]

# ITU T.81, table K.1, in its order: what quality 50 divides the brightness by.
STANDARD = np.array(
    """
    16 11 10 16  24  40  51  61   12 12 14 19  26  58  60  55
    14 13 16 24  40  57  69  56   14 17 22 29  51  87  80  62
    18 22 37 56  68 109 103  77   24 35 55 64  81 104 113  92
    49 64 78 87 103 121 120 101   72 92 95 98 112 100 103  99
    """.split(),
    np.int64,
)


def jpeg_quality(table: Sequence[int]) -> int:
    """The quality, 1 to 100, whose table of the IJG's library is nearest to a luminance `table`.

    Exact for files by that library and the many that scale as it does; near for cameras with
    tables of their own. 0 for an empty table, as of a file that is no JPEG. Sums are compared, so
    the order of the 64 entries does not matter.
    """
    return int(np.abs(SUMS - sum(table)).argmin()) + 1 if table else 0


def _sums() -> NDArray[np.int64]:
    """(100,) the sum of the table of each quality from 1, scaled as the IJG's library does it."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables: NDArray[np.int64] = np.clip((STANDARD * scale + 50) // 100, 1, 255)
    return np.asarray(tables.sum(axis=1), np.int64)


SUMS = _sums()
