"""Removing a run: at once out of sight, and never one that is being written."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from linnaeus.errors import UsageError, WriteError
from linnaeus.runs.state import is_in_use

__all__ = ["remove_run"]

REMOVED = ".removed-"


def remove_run(folder: Path) -> None:
    """Remove the run in `folder`, whole.

    It is renamed away first, so that whatever happens then, no part of it is left under its name;
    what an earlier removal left behind is removed too. Raises UsageError where it is running,
    WriteError where it may not be removed.
    """
    if is_in_use(folder):
        raise UsageError(
            "this run is being written", where=str(folder), mend="End it first, or let it finish."
        )
    for left in folder.absolute().parent.glob(f"{REMOVED}*"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        room = Path(tempfile.mkdtemp(prefix=REMOVED, dir=folder.absolute().parent))
        folder.rename(room / folder.absolute().name)
        shutil.rmtree(room)
    except OSError as error:
        raise WriteError(
            f"could not be removed ({error.strerror or error})",
            where=str(folder),
            mend="Check the permissions.",
        ) from error
