"""A picture to be classified: what it is called, and where its pixels come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.under_way import Slow
from linnaeus.errors import UnreadableImage

__all__ = [
    "Frame",
    "Picture",
    "Source",
    "State",
    "begun",
    "held",
    "looks_like_url",
    "total_of",
    "state_of",
    "with_state",
]

State = tuple[int, int]
"""(size in bytes, time of change in ns) of a file: what stands still while nobody writes it."""


Pixels = Path | bytes | Callable[[], bytes] | NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """Which video a picture is of, and when in it, in seconds."""

    of: str
    at_s: float


@dataclass(frozen=True, eq=False)
class Picture:
    """`name` is what its row is called. `source`: its file, its bytes, a function that gives them
    when its turn comes, or (height, width, 3) uint8 RGB. `frame`: set for those of a video.
    `state`: that of its file, or of what it lies inside, when its turn came; None where nobody
    asked. `drawn_from`: gives, once it was read, the text that the chance in its label set is drawn
    from, where that is not its name."""

    name: str
    source: Pixels
    frame: Frame | None = None
    state: State | None = None
    drawn_from: Callable[[], str] | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """Pictures that were named together: a file, a folder, a table, a list.

    `pictures` begins to give them, each time anew; `total` is how many there are, None where that
    is not known before. `notes`: what to know of them before the work. `inside`: what they lie in
    where they are no files of their own: an archive, a video, standard input.
    """

    pictures: Callable[[], Iterator[Picture]]
    total: int | None = None
    notes: tuple[str, ...] = ()
    inside: str = ""


def total_of(sources: Sequence[Source]) -> int | None:
    """How many pictures they are together; None where one does not know."""
    totals = [source.total for source in sources]
    known = [total for total in totals if total is not None]
    return sum(known) if len(known) == len(totals) else None


def begun(picture: Picture) -> Pixels:
    """Where the pixels of `picture` come from; what is fetched is on its way from now on, so that
    no download waits for those before it. Waits where enough of them are."""
    source = picture.source
    return source.begin() if isinstance(source, Slow) else source


def held(source: Source) -> Source:
    """The same pictures, whose bytes are had once and kept as long as the picture is.

    So that what is sorted is what was answered: standard input gives its bytes once, and a server
    may give others the next time.
    """

    def each() -> Iterator[Picture]:
        for picture in source.pictures():
            given = picture.source
            if isinstance(given, Slow):
                yield replace(picture, source=Slow(_Once(given), given.places))
            else:
                yield replace(picture, source=_Once(given)) if callable(given) else picture

    return replace(source, pictures=each)


def with_state(source: Source) -> Source:
    """The same pictures, which know the state of their file, or of the archive or video, as it is
    before they are read."""

    def each() -> Iterator[Picture]:
        for picture in source.pictures():
            file = picture.source if isinstance(picture.source, Path) else Path(source.inside)
            yield replace(picture, state=state_of(file))

    return replace(source, pictures=each)


def state_of(file: Path) -> State | None:
    """The state of `file`; None where there is none."""
    try:
        stat = file.stat()
    except (OSError, ValueError):  # a name with a null in it, which no file has
        return None
    return (stat.st_size, stat.st_mtime_ns) if S_ISREG(stat.st_mode) else None


class _Once:
    """What `give` gives, or the reason why it gives nothing, to whoever asks, however often."""

    def __init__(self, give: Callable[[], bytes]) -> None:
        self._give = give
        self._given: bytes | UnreadableImage | None = None

    def __call__(self) -> bytes:
        if self._given is None:
            try:
                self._given = self._give()
            except UnreadableImage as error:
                self._given = error
        if isinstance(self._given, UnreadableImage):
            raise self._given
        return self._given


def looks_like_url(name: str) -> bool:
    """Whether a picture's name is meant as a web address and not as a file's.

    >>> looks_like_url("https://example.org/a.jpg"), looks_like_url("a.jpg")
    (True, False)
    """
    return name.lower().startswith(("https://", "http://"))
