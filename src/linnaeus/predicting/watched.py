"""Pictures that come into folders while these are watched, each once, and once it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from linnaeus.data.store import printable
from linnaeus.errors import DataError, UsageError
from linnaeus.predicting.folder import pictures_in
from linnaeus.predicting.picture import Picture, State, state_of

__all__ = ["check_watchable", "watched"]

EVERY_S = 1.0
"""Between two looks. Asking works on every disk, network disks among them, where being told does
not; a thousand names take some milliseconds."""

EMPTY_S = 30.0
"""How long an empty file is left to whoever may be about to fill it."""


def check_watchable(given: Sequence[str | Path]) -> list[Path]:
    """`given` as folders. Raises UsageError where there is none, or one is no folder."""
    folders = [Path(one) for one in given]
    if not folders:
        raise UsageError("no folder is named", where="--watch", mend="Name one to watch.")
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(
                "only folders can be watched, and this is none",
                where=f"--watch: {folder}",
                mend="Name a folder that is there.",
            )
    return folders


def watched(
    folders: Sequence[Path],
    done: Collection[str],
    say: Callable[[str], object],
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[list[Picture]]:
    """The pictures that are new in `folders` at each look, without end; often none.

    A file is given once its size and time of change are as they were a look before, and never
    again: not if it changes, and not where its name is `done`. An empty one is given after 30 s.
    A folder below them that cannot be opened is passed over until it can, which `say` is told once.
    Raises DataError where one of `folders` is gone, or cannot be opened at the first look.
    """
    taken = set(done)
    told: set[str] = set()

    def passed_over(error: DataError) -> None:
        if error.where not in told:
            told.add(error.where)
            say(f"Passed over until that is mended: {error}")

    states: dict[str, tuple[State, float]] = {}
    first = True
    while True:
        now_s = time.monotonic()
        before, states, new = states, {}, []
        for picture in (one for each in folders for one in _in(each, passed_over, first=first)):
            if printable(picture.name) in taken or (state := state_of(Path(picture.name))) is None:
                continue
            earlier, since_s = before.get(picture.name, (None, now_s))
            still_s = now_s - since_s if earlier == state else 0.0
            if earlier == state and (state[0] or still_s >= EMPTY_S):
                taken.add(printable(picture.name))
                new.append(picture)
            else:
                states[picture.name] = (state, since_s if earlier == state else now_s)
        yield new
        first = False
        sleep(EVERY_S)


def _in(
    folder: Path, passed_over: Callable[[DataError], None], *, first: bool
) -> Iterator[Picture]:
    """The pictures in a folder that is watched. At the `first` look it has to open; later a disk of
    the network may be away for a while."""
    try:
        yield from pictures_in(folder, passed_over)
    except DataError as error:
        if first or not _may_be_there(folder):
            raise
        passed_over(error)


def _may_be_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # its disk does not answer now
        return True
