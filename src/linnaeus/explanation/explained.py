"""What explaining the answers to some pictures came to, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnaeus.explanation.methods import Method
from linnaeus.explanation.places import Places
from linnaeus.explanation.trust import Trust
from linnaeus.searching.similarity import Neighbour

__all__ = ["Explained", "Explanation", "Needed"]

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Explained:
    """The explanations of some pictures, where the answers for each class come from, and how far
    each method can be believed. `skipped` names pictures that could not be read, and why.
    """

    methods: tuple[Method, ...]
    layer: str
    explanations: tuple[Explanation, ...]
    places: tuple[Places, ...]
    trust: tuple[Trust, ...]
    skipped: dict[str, str]
    folder: Path | None = None

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """What was seen, in a few sentences: first what needs a look."""
        warned = [place.sentence for place in self.places if place.suspicious]
        best = max(self.trust, key=lambda one: (not one.faults, one.over_random))
        poor = [one.method for one in self.trust if one.faults and one is not best]
        more = [f"Do not rely on the maps by {', '.join(poor)}: see below why."] if poor else []
        return (*warned, best.sentence, *more)


@dataclass(frozen=True)
class Explanation:
    """Why one picture was answered as it was.

    `label` is the bundle's answer with its `confidence`; where it may give several labels, that to
    the explained one alone, such as "boat" or "not boat". `explained` is the class that the `maps`
    (by method, each (h, w) float32) speak for, `shown` as they are shown and measured. `needed`:
    what has to be hidden until another class is named; None where the answer stays though all is.
    `unknown`: whether the bundle calls the picture unknown; `label` is what it would be, were it
    known.
    """

    id: str
    label: str
    confidence: float
    explained: str
    pixels: Pixels
    maps: dict[Method, NDArray[np.float32]]
    shown: dict[Method, NDArray[np.float32]]
    needed: Needed | None
    neighbours: tuple[Neighbour, ...] = ()
    unknown: bool = False


class Needed(NamedTuple):
    """The least that has to be hidden to change an answer: its `share` of the picture, the class
    that is named `then`, where it is `hidden` (h, w) bool, and the picture `without` it (h, w, 3).
    """

    share: float
    then: str
    hidden: NDArray[np.bool_]
    without: NDArray[np.uint8]
