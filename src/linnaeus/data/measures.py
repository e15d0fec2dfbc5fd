"""What is measured of each picture while it is decoded, for the audit: one row of plain numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linnaeus.images.decode import Picture

__all__ = ["MEASURES", "measured"]

MEASURES = np.dtype([("bytes", np.int64), ("brightness", np.float32), ("contrast", np.float32)])
"""The fields of a row of measures; all 0 for a picture that cannot be read.

`bytes`: size of the file. `brightness` and `contrast`: mean and standard deviation of the grey
values, 0 to 255.
"""


def measured(picture: Picture, content: bytes, thumbnail: NDArray[np.uint8]) -> NDArray[np.void]:
    """One row of `MEASURES`, of a decoded picture, its file and its thumbnail."""
    row = np.zeros((), MEASURES)
    row["bytes"] = len(content)
    row["brightness"] = thumbnail.mean()
    row["contrast"] = thumbnail.std()
    return row
