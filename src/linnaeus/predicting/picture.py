"""A picture to be classified: what it is called, and where its pixels come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Picture", "Source", "looks_like_url"]


@dataclass(frozen=True)
class Frame:
    """Which video a picture is of, and when in it, in seconds."""

    of: str
    at_s: float


@dataclass(frozen=True, eq=False)
class Picture:
    """`name` is what its row is called. `source`: its file, its bytes, a function that gives them
    when its turn comes, or (height, width, 3) uint8 RGB. `frame`: set for those of a video."""

    name: str
    source: Path | bytes | Callable[[], bytes] | NDArray[np.uint8]
    frame: Frame | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """Pictures that were named together: a file, a folder, a table, a list.

    `pictures` begins to give them, each time anew; `total` is how many there are, None where that
    is not known before. `notes`: what to know of them before the work.
    """

    pictures: Callable[[], Iterator[Picture]]
    total: int | None = None
    notes: tuple[str, ...] = ()


def looks_like_url(name: str) -> bool:
    """Whether a picture's name is meant as a web address and not as a file's.

    >>> looks_like_url("https://example.org/a.jpg"), looks_like_url("a.jpg")
    (True, False)
    """
    return name.lower().startswith(("https://", "http://"))
