"""Data sets known by name. So far one: `digits`, the 1,797 hand-written digits in scikit-learn."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from linnaeus.data.dataset import Dataset, natural_key
from linnaeus.data.store import Listing, Store
from linnaeus.errors import MissingError

__all__ = ["NAMED"]

DIGITS_PEAK = 16
"""The brightest value of scikit-learn's digits."""


def digits() -> Dataset:
    """1,797 grey pictures of 8 × 8 pixels of the digits 0 to 9 (E. Alpaydin and C. Kaynak 1998).

    Raises MissingError when scikit-learn is not installed.
    """
    try:
        bunch = importlib.import_module("sklearn.datasets").load_digits()
    except ImportError:
        raise MissingError(
            "the data set comes with scikit-learn, which is not installed",
            where="digits",
            mend='Install it: pip install "linnaeus[train]".',
        ) from None
    grey = np.rint(bunch.images * (255 / DIGITS_PEAK)).astype(np.uint8)
    files = {
        f"{label}/{number:04}.pgm": _pgm(pixels)
        for number, (pixels, label) in enumerate(zip(grey, bunch.target, strict=True))
    }
    paths = tuple(sorted(files))
    classes = tuple(sorted({path.split("/")[0] for path in paths}, key=natural_key))
    return Dataset(
        name="digits",
        classes=classes,
        paths=paths,
        labels=np.array([classes.index(path.split("/")[0]) for path in paths], np.int64),
        splits=np.full(len(paths), "", dtype="<U10"),
        groups=None,
        left_alone={},
        source=_InMemory(files),
    )


NAMED: dict[str, Callable[[], Dataset]] = {"digits": digits}
"""What loads each data set that is known by name."""


class _InMemory(Store):
    """Files that are made, not read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self.listing = Listing(tuple(sorted(files)), frozenset(), {})

    def size_bytes(self, path: str) -> int:
        return len(self._files[path])

    def read_whole(self, path: str) -> bytes:
        return self._files[path]


def _pgm(pixels: NDArray[np.uint8]) -> bytes:
    """(H, W) uint8 as a PGM file: the same bytes whatever library versions are about."""
    height, width = pixels.shape
    return b"P5\n%d %d\n255\n" % (width, height) + pixels.tobytes()
