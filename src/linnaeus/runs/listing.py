"""The runs of a folder, and one of them by its name."""

from __future__ import annotations

import difflib
from contextlib import suppress
from pathlib import Path

from linnaeus.errors import UsageError
from linnaeus.runs.entry import RunEntry, read_entry
from linnaeus.runs.state import is_run

__all__ = ["RUNS", "find_run", "list_runs"]

RUNS = Path("runs")
"""Where `train` puts runs that are given no folder."""


def list_runs(folder: Path = RUNS) -> tuple[RunEntry, ...]:
    """The runs in `folder`, the newest first; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    entries = []
    for one in folder.iterdir():
        with suppress(FileNotFoundError):  # it is being removed
            if is_run(one):
                entries.append(read_entry(one))
    return tuple(sorted(entries, key=lambda entry: (entry.when, entry.name), reverse=True))


def find_run(run: str | Path, folder: Path = RUNS) -> Path:
    """The folder of `run`, which is its path, or its name in `folder`.

    Raises UsageError where there is none, or no training made it.
    """
    places = [Path(run), folder / run]
    found = next((place for place in places if is_run(place)), None)
    if found is not None:
        return found
    if there := next((place for place in places if place.exists()), None):
        raise UsageError(
            "no training has made this", where=str(there), mend="Name the folder of a run."
        )
    names = [one.name for one in folder.iterdir() if is_run(one)] if folder.is_dir() else []
    near = difflib.get_close_matches(str(run), names, n=1)
    raise UsageError(
        "there is no such run",
        where=str(run),
        mend=f'Did you mean "{near[0]}"?' if near else "`linnaeus runs` lists those there are.",
    )
