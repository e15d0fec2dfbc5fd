"""The folder of a run that is not finished: who writes in it, what was asked for, what was saved.

begun.json    what the run was asked for, so that another process can go on with it
lock          held by the process that writes here, as long as it lives
checkpoints/  where the run stands; gone when it is finished
members/      of an ensemble, the runs of its members, each with all of this
folds/        of a cross-validation, the runs of its folds, likewise
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from linnaeus.errors import Stopped, UsageError, WriteError
from linnaeus.file_lock import locked
from linnaeus.files import claim_folder, clear_unfinished, release_folder, write_whole
from linnaeus.runs.state import BEGUN, FOLDS, LOCK, has_ended, is_in_use
from linnaeus.training.begun import Begun
from linnaeus.watching.run_log import LOG
from linnaeus.watching.tensorboard import TENSORBOARD

__all__ = ["CHECKPOINTS", "MEMBERS", "begin_run", "is_worth_going_on", "reopen_run"]

CHECKPOINTS = "checkpoints"
MEMBERS = "members"
WITHIN = (MEMBERS, FOLDS)
"""Folders of trainings within a run."""


@contextmanager
def begin_run(path: Path, begun: Begun, *, numbered: bool) -> Iterator[Path]:
    """Claim the folder `path` for a new run while the block lasts; with `numbered`, or one like it.

    Where the block fails before anything was learnt, the folder goes away again. Raises WriteError
    where nothing can be written there, or another run is there or being written.
    """
    if not numbered:
        _refuse_a_run(path)
        _clear_dead_claim(path)
    stood = path.exists()
    folder = path.with_name(claim_folder(path, numbered=numbered).name)
    with _held(folder):
        try:
            write_whole(folder / BEGUN, begun.model_dump_json(indent=2) + "\n")
            yield folder
        except (Exception, KeyboardInterrupt) as error:
            if not is_worth_going_on(folder, error):
                _leave_nothing(folder)
                if not stood:
                    release_folder(folder)
            raise
        _tidy(folder)


@contextmanager
def reopen_run(folder: Path) -> Iterator[Path]:
    """Go on with the unfinished run in `folder` while the block lasts.

    Raises UsageError where it is finished, WriteError where another process is at it.
    """
    with _held(folder):
        if has_ended(folder):
            _tidy(folder)
            raise UsageError(
                "this run is finished, and nothing of it is left to do",
                where=str(folder),
                mend="Look at its report, or train with another --out.",
            )
        for place in (folder, folder / CHECKPOINTS):
            clear_unfinished(place)
        yield folder
        _tidy(folder)


def _refuse_a_run(path: Path) -> None:
    """Say it better than that the folder is not empty, where a run is in it."""
    if (path / BEGUN).exists() and not has_ended(path):
        if is_in_use(path):
            raise _in_use(path)
        raise WriteError(
            "an unfinished run is in this folder",
            where=str(path),
            mend=f"Go on with it by `linnaeus train --resume {path}`, or name another folder.",
        )


def _clear_dead_claim(path: Path) -> None:
    """Empty a folder that a process claimed, and was killed before it wrote what it was for."""
    with suppress(OSError, ValueError):  # no name has a null character in it
        if {one.name for one in path.iterdir()} == {LOCK} and not is_in_use(path):
            (path / LOCK).unlink()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`. Raises WriteError where another process does, or it cannot be."""
    file = _opened(folder)
    with file:
        if not locked(file) or not _is_still_there(file, folder / LOCK):
            raise _in_use(folder)
        file.truncate(0)
        file.write(f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode())
        file.flush()
        yield


def _opened(folder: Path) -> BinaryIO:
    try:
        return (folder / LOCK).open("ab")
    except OSError as error:
        raise WriteError(
            f"nothing can be written here ({error.strerror or error})",
            where=str(folder),
            mend="Check the permissions, or name a folder elsewhere.",
        ) from None


def _is_still_there(file: BinaryIO, path: Path) -> bool:
    """Whether `file` is what stands at `path`: its holder may have removed it as it ended."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _in_use(folder: Path) -> WriteError:
    who = ""
    with suppress(OSError, ValueError):
        number, since = (folder / LOCK).read_text(encoding="utf-8").split()
        who = f", process {number} since {since}"
    return WriteError(
        f"another run is being written here{who}",
        where=str(folder),
        mend="Wait for it, or name another folder.",
    )


def is_worth_going_on(folder: Path, end: BaseException) -> bool:
    """Whether something was learnt in `folder` that is worth keeping, though `end` ended it.

    What was stopped before there was a model is not; but of trainings within a run that is only
    the one that was under way.
    """
    alone = not any((folder / name).exists() for name in WITHIN)
    return _has_learnt(folder) and not (isinstance(end, Stopped) and alone)


def _has_learnt(folder: Path) -> bool:
    """Whether anything was saved that took work to come to, and not only what was decided."""
    if any((folder / CHECKPOINTS).glob("[0-9]*/*.safetensors")):
        return True
    members = [member for name in WITHIN for member in (folder / name).glob("*")]
    return any(has_ended(member) or _has_learnt(member) for member in members)


def _tidy(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / LOCK).unlink(missing_ok=True)


def _leave_nothing(folder: Path) -> None:
    _tidy(folder)
    for name in WITHIN:
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.rmtree(folder / TENSORBOARD, ignore_errors=True)
    for name in (LOG, BEGUN):
        (folder / name).unlink(missing_ok=True)
