"""Gist: the features of a picture in a few numbers that keep how far apart pictures lie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linnaeus.randomness import generator

__all__ = ["GIST", "gist", "gists"]

Floats = NDArray[np.float32]

GIST = 128
"""Numbers of a gist: half a kilobyte a picture, however long its features. A random projection
keeps distances to 6 % (Johnson and Lindenstrauss 1984; their squares vary by 2 / 128)."""


def gist(features: Floats) -> Floats:
    """(128,) float32 of `features` (d,), or (d,) where these are fewer; NaN where they are.

    They are brought to unit length first, so that how much a network is roused does not count.
    """
    units: Floats = features / max(float(np.sqrt(features @ features)), 1e-12)
    if len(units) <= GIST:
        return units
    kept: Floats = _projection(len(units)) @ units
    return kept


class HasGist(Protocol):
    """An answer of whose features the gist was kept."""

    @property
    def features(self) -> Floats:
        """(128,) float32 or fewer."""


def gists(answers: Sequence[HasGist]) -> Floats | None:
    """(n, d) of n `answers`; None where there are none, or their network told no features."""
    if not answers or not len(answers[0].features):
        return None
    kept: Floats = np.stack([answer.features for answer in answers])
    return kept


@lru_cache(maxsize=4)
def _projection(length: int) -> Floats:
    """(128, length) float32, the same for all pictures, seeds and runs."""
    drawn = generator(0, "gist of features", length).standard_normal((GIST, length))
    scaled: Floats = (drawn / np.sqrt(GIST)).astype(np.float32)
    return scaled
