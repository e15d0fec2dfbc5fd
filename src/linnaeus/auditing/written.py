"""audit.html and audit.json in a folder: a new one, or one whose audit they replace."""

from __future__ import annotations

import os
from pathlib import Path

from linnaeus.data.findings import Audit
from linnaeus.errors import WriteError
from linnaeus.files import check_unused, read_json, whole_folder, write_json, write_whole

__all__ = ["check_place", "write_audit"]

PAGE, NUMBERS = "audit.html", "audit.json"
OURS = b'name="generator" content="Linnaeus '
HEAD_BYTES = 1000


def check_place(folder: Path) -> None:
    """Ask before long work whether an audit can be written to `folder`.

    A folder that stands already will do: an audit is repeated when something was mended. There,
    an earlier audit's two files will be replaced, and nothing else is touched.

    Raises WriteError where nothing can be written there, and where a file of one of those names
    was not written by an audit.
    """
    if not _stands(folder):
        check_unused(folder)
        return
    if not os.access(folder, os.W_OK):
        mend = "Name a folder elsewhere, or change the permissions."
        raise WriteError("nothing may be written to this folder", where=str(folder), mend=mend)
    for file, is_ours in ((folder / PAGE, _is_page), (folder / NUMBERS, _is_numbers)):
        if file.exists() and not is_ours(file):
            raise WriteError(
                "stands there already and was not written by an audit",
                where=str(file),
                mend="Move it away, or name another folder.",
            )


def write_audit(folder: Path, page: str, found: Audit) -> None:
    """Write both files: together or not at all in a new folder, else each whole in its place.

    Raises as `check_place` does, and WriteError when the disk refuses.
    """
    check_place(folder)
    if _stands(folder):
        write_whole(folder / PAGE, page)
        write_json(folder / NUMBERS, found.to_json())
        return
    with whole_folder(folder) as aside:
        write_whole(aside / PAGE, page)
        write_json(aside / NUMBERS, found.to_json())


def _stands(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _is_page(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return OURS in opened.read(HEAD_BYTES)
    except OSError:
        return False


def _is_numbers(file: Path) -> bool:
    try:
        written = read_json(file)
    except (OSError, ValueError):
        return False
    return isinstance(written, dict) and {"schema_version", "findings"} <= written.keys()
