"""`list_runs`, `show_run`, `compare_runs` and `remove_run`: what was trained before."""

from __future__ import annotations

from pathlib import Path

from linnaeus.runs.comparison import RunComparison
from linnaeus.runs.comparison import compare_runs as runs_compared
from linnaeus.runs.entry import RunEntry, read_entry
from linnaeus.runs.listing import RUNS, find_run
from linnaeus.runs.listing import list_runs as runs_in
from linnaeus.runs.removal import remove_run as remove_folder_of_run

__all__ = ["list_runs", "show_run", "compare_runs", "remove_run"]


def list_runs(folder: str | Path = RUNS) -> tuple[RunEntry, ...]:
    """The runs in `folder`, the newest first: state, figures with intervals, size, when."""
    return runs_in(Path(folder))


def show_run(run: str | Path) -> RunEntry:
    """All that is known of a run, finished or not: its folder, or its name in runs/.

    Raises UsageError where there is no such run.
    """
    return read_entry(find_run(run))


def compare_runs(*runs: str | Path) -> RunComparison:
    """Finished runs side by side, and which of their differences are real.

    Raises UsageError for fewer than two, and where one is not there or not finished.
    """
    return runs_compared([find_run(run) for run in runs])


def remove_run(run: str | Path) -> None:
    """Remove a run with all that is in its folder, whole.

    Raises UsageError where it is running or not there, WriteError where it may not be removed.
    """
    remove_folder_of_run(find_run(run))
