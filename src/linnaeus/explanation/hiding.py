"""Explanations by hiding: how the answer changes when parts of the picture are not there.

They ask the classifier alone, so they work for every bundle, without torch. `answer` takes pictures
(n, h, w, 3) uint8 to probabilities or scores (n, classes); `picture` is (h, w, 3) uint8, `target`
the explained class. What is hidden takes the levels of `cover` (h, w, 3), see `cover_for`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from linnaeus.errors import UsageError

__all__ = [
    "Answer",
    "cover_for",
    "falling_ranks",
    "masked",
    "occlusion",
    "smallest_region",
    "superpixel_permutation",
]

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]
Thing = TypeVar("Thing")

AT_ONCE = 32
WINDOW = 1 / 8
"""Side of the hidden window, as a share of the picture's shorter one; it moves by half of that."""

BLUR = 1 / 8
"""Deviation of the blur that hides, as a share of the shorter side: no object is left to see, and
no edge is added, which a grey square would do."""


def cover_for(picture: Pixels, how: str = "blur") -> Pixels:
    """What stands where the picture is hidden: "blur", "mean" (its mean colour), "black", "grey".

    Raises UsageError for another word.
    """
    if how == "blur":
        deviation = BLUR * min(picture.shape[:2])
        blurred = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(deviation))
        return np.asarray(blurred)
    level = {"mean": picture.mean((0, 1)), "black": 0, "grey": 128}.get(how)
    if level is None:
        raise UsageError(
            f"there is no cover called {how!r}",
            where="--cover",
            mend="Give blur, mean, black or grey.",
        )
    return np.broadcast_to(np.asarray(level, np.uint8), picture.shape).copy()


def masked(picture: Pixels, cover: Pixels, hidden: NDArray[np.bool_]) -> Pixels:
    """Pictures with `hidden` (n, h, w) taken from the cover: (n, h, w, 3) uint8."""
    return np.where(hidden[..., None], cover, picture)


def falling_ranks(importance: Map) -> NDArray[np.int64]:
    """(h, w) int64: the place of each value in falling order, from 0; equal ones as they stand."""
    ranks = np.empty(importance.size, np.int64)
    ranks[np.argsort(-importance, axis=None, kind="stable")] = np.arange(importance.size)
    return ranks.reshape(importance.shape)


def occlusion(
    answer: Answer,
    picture: Pixels,
    target: int,
    cover: Pixels,
    *,
    window_px: tuple[int, int] | None = None,
    stride_px: tuple[int, int] | None = None,
) -> Map:
    """(h, w) float32: by how much the answer falls while a place is hidden (Zeiler, Fergus 2014).

    The mean over the windows that hide it. `window_px` (height, width) None: an eighth of the
    shorter side, moved by half of itself; the last window of a row stands at the edge.
    """
    height, width = picture.shape[:2]
    side = max(1, round(WINDOW * min(height, width)))
    high, wide = window_px or (side, side)
    down, across = stride_px or (max(1, high // 2), max(1, wide // 2))
    whole = float(answer(picture[None])[0, target])
    windows = [
        (slice(y, y + high), slice(x, x + wide))
        for y in _starts(height, high, down)
        for x in _starts(width, wide, across)
    ]
    total, counts = np.zeros((height, width)), np.zeros((height, width))
    for some in _split(windows):
        hidden = np.zeros((len(some), height, width), bool)
        for mask, window in zip(hidden, some, strict=True):
            mask[window] = True
        given = answer(masked(picture, cover, hidden))[:, target]
        for window, score in zip(some, given, strict=True):
            total[window] += whole - float(score)
            counts[window] += 1
    return (total / np.maximum(counts, 1)).astype(np.float32)


def superpixel_permutation(
    answer: Answer, picture: Pixels, target: int, cover: Pixels, segments: NDArray[np.int64]
) -> Map:
    """(h, w) float32: by how much the answer falls when a segment alone is hidden.

    `segments` (h, w) int64 numbers the parts of the picture from 0.
    """
    whole = float(answer(picture[None])[0, target])
    falls = np.zeros(int(segments.max()) + 1)
    for some in _split(range(len(falls))):
        hidden = segments[None] == np.array(some)[:, None, None]
        falls[some] = whole - answer(masked(picture, cover, hidden))[:, target]
    return falls[segments].astype(np.float32)


def smallest_region(
    answer: Answer, picture: Pixels, cover: Pixels, order: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], int] | None:
    """The fewest places, hidden in falling `order` (h, w), after which another class is named.

    Returns their mask (h, w) and the class then named, or None where the name stays though all is
    hidden. It is the smallest along this order, found by halving: other orders may need less.
    """
    named = int(answer(picture[None])[0].argmax())
    ranks = falling_ranks(order)

    def name_without(count: int) -> int:
        return int(answer(masked(picture, cover, (ranks < count)[None]))[0].argmax())

    low, high = 0, order.size
    if name_without(high) == named:
        return None
    while high - low > max(1, order.size // 1000):
        middle = (low + high) // 2
        low, high = (middle, high) if name_without(middle) == named else (low, middle)
    return ranks < high, name_without(high)


def _starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin: every `stride`, and one that ends at the edge."""
    last = max(0, length - window)
    starts = list(range(0, last + 1, stride))
    return starts if starts[-1] == last else [*starts, last]


def _split(things: Sequence[Thing]) -> Iterator[list[Thing]]:
    for start in range(0, len(things), AT_ONCE):
        yield list(things[start : start + AT_ONCE])
