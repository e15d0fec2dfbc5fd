"""Where fetched data sets are kept, and how one gets there: whole and checked, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from linnaeus.data.fetching.lock import alone
from linnaeus.data.fetching.record import FILES, Fetched, is_fetched, read_record, write_record
from linnaeus.errors import WriteError
from linnaeus.files import check_unused, write_whole
from linnaeus.progress import Progress

__all__ = ["data_home", "keep"]

VARIABLE = "LINNAEUS_DATA"
OF_WHAT = "of-what.txt"
"""In an unfinished folder: the name of the data set that it is to be."""


def data_home() -> Path:
    """The folder of all data sets that were fetched: LINNAEUS_DATA, or the user's own for data."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("linnaeus", appauthor=False) / "datasets"


def keep(
    place: Path,
    name: str,
    sources: tuple[str, ...],
    fill: Callable[[Path], None],
    progress: Progress,
) -> Fetched:
    """Have `fill` put the files of data set `name` into a folder, and move that to `place`.

    The folder beside `place`, its name ending in .part, survives a kill, so `fill` may find what
    it left there. Of two processes at once, one waits for the other. What stands at `place` whole
    is checked and stays. Raises WriteError where something else stands there or the disk refuses,
    and as `fill` does.
    """
    if not is_fetched(place):
        check_unused(place)
    place = place.absolute()
    lock = place.with_name(f".{place.name}.lock")
    with alone(lock, progress, f"Another process is fetching {name}; waiting for it."):
        if is_fetched(place) and read_record(place, check=False).name == name:
            return read_record(place)
        check_unused(place)
        room = place.with_name(f"{place.name}.part")
        try:
            _open_room(room, name)
            fill(room / FILES)
            record = write_record(room, name, sources)
            if place.is_dir():
                place.rmdir()
            room.replace(place)
            (place / OF_WHAT).unlink()
        except OSError as error:
            raise WriteError(
                f"what was fetched could not be kept ({error.strerror or error})",
                where=str(place),
                mend="Free some space or check the permissions, and run the command again.",
            ) from error
        finally:
            _remove_if_empty(room)
        with suppress(OSError):  # whoever waits for it will find the data set in its place
            lock.unlink()
        return record


def _open_room(room: Path, name: str) -> None:
    """Make the folder to fill, or take what an earlier try left of the same data set."""
    of_what = room / OF_WHAT
    if room.exists() and (not of_what.is_file() or of_what.read_text("utf-8") != name):
        shutil.rmtree(room)
    (room / FILES).mkdir(parents=True, exist_ok=True)
    write_whole(of_what, name)


def _remove_if_empty(room: Path) -> None:
    """Leave no folder behind in which nothing arrived."""
    with suppress(OSError):
        if all(entry.name in (FILES, OF_WHAT) for entry in room.iterdir()):
            (room / FILES).rmdir()
            (room / OF_WHAT).unlink()
            room.rmdir()
