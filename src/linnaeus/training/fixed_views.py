"""Views of a picture that are the same in every run: what a probe looks at besides the picture.

On 2,527 photographs of waste (MobileNetV2, 192 × 144 px, three splits) a probe of the pictures is
right for 87.7, 87.2 and 86.6 % of the test (log loss 0.390, 0.378, 0.393); mirrored ones besides
make that 87.9, 87.4 and 86.8 % (0.372, 0.372, 0.396), and closer ones, drawn at random there, 89.1,
87.0 and 86.6 % (0.361, 0.369, 0.387). Each view costs as much as the first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["fixed_views"]

Picture = NDArray[np.uint8]

CROP = 0.85
"""Of each side: what a closer view shows, brought back to the full size."""


def fixed_views(mirror: bool) -> dict[str, Callable[[Picture], Picture]]:
    """{name: function from a picture (h, w, 3) uint8 to a view of the same size}, the best first.

    Where `mirror` says that a mirrored picture keeps its class, it comes first, and the closer
    views, each towards another corner, are mirrored in turn.
    """
    views: dict[str, Callable[[Picture], Picture]] = {"mirrored": _mirrored} if mirror else {}
    for place, corner in enumerate([(0, 0), (1, 1), (0, 1), (1, 0)]):
        mirrored = mirror and place % 2 == 1
        name = f"{CROP:g} at {corner}{', mirrored' if mirrored else ''}"
        views[name] = _closer(corner, mirrored=mirrored)
    return views


def _mirrored(picture: Picture) -> Picture:
    return picture[:, ::-1]


def _closer(corner: tuple[int, int], *, mirrored: bool) -> Callable[[Picture], Picture]:
    """A view of the part at `corner` (1: the far end of that side), by the nearest pixels."""

    def view(picture: Picture) -> Picture:
        rows, columns = (_places(picture.shape[axis], corner[axis]) for axis in (0, 1))
        return picture[rows[:, None], columns[:: -1 if mirrored else 1]]

    return view


def _places(side_px: int, far: int) -> NDArray[np.int64]:
    """Which row or column of the picture each one of the view shows: (side_px,)."""
    start = far * (1 - CROP) * side_px
    places = start + CROP * (np.arange(side_px) + 0.5)
    whole: NDArray[np.int64] = np.minimum(places, side_px - 1).astype(np.int64)
    return whole
