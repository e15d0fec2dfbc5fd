"""`digits`: the 1,797 hand-written digits that come with scikit-learn."""

from __future__ import annotations

import importlib

import numpy as np

from linnaeus.data.catalogue.known import Known
from linnaeus.data.catalogue.pixels import PixelStore
from linnaeus.data.dataset import Dataset
from linnaeus.data.gather import Entry, gather
from linnaeus.data.store import Store
from linnaeus.errors import MissingError

__all__ = ["DIGITS"]

PEAK = 16
"""The brightest value of scikit-learn's digits."""


def _digits(name: str, store: Store) -> Dataset:
    """1,797 grey pictures of 8 × 8 pixels of the digits 0 to 9 (E. Alpaydin and C. Kaynak 1998).

    Raises MissingError when scikit-learn is not installed.
    """
    try:
        bunch = importlib.import_module("sklearn.datasets").load_digits()
    except ImportError:
        raise MissingError(
            "the data set comes with scikit-learn, which is not installed",
            where=name,
            mend='Install it: pip install "linnaeus[train]".',
        ) from None
    grey = np.rint(bunch.images * (255 / PEAK)).astype(np.uint8)
    paths = [f"{label}/{number:04}.pgm" for number, label in enumerate(bunch.target)]
    entries = [Entry(path, (path.partition("/")[0],)) for path in paths]
    return gather(name, entries, PixelStore(dict(zip(paths, grey, strict=True))))


DIGITS = Known(
    what="hand-written digits, 8 × 8 grey; comes with scikit-learn",
    pictures=1797,
    classes=10,
    licence="CC BY 4.0",
    read=_digits,
)
