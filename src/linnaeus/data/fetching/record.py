"""What was fetched, as a small JSON beside it: from where, which version, and every file's digest.

A fetched data set is a folder with `fetched.json` and `files/`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from linnaeus.errors import DataError
from linnaeus.files import read_json, sha256_of, write_json

__all__ = ["FILES", "RECORD", "Fetched", "FileFacts", "is_fetched", "read_record", "write_record"]

RECORD = "fetched.json"
FILES = "files"


class FileFacts(BaseModel):
    """One file as it came."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_bytes: int
    sha256: str


class Fetched(BaseModel):
    """The record of one data set: `name` with its version, as it can be given to load it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    sources: tuple[str, ...]
    fetched: str
    files: dict[str, FileFacts]


def is_fetched(folder: Path) -> bool:
    """Whether `folder` is one that a data set was fetched to."""
    return (folder / RECORD).is_file() and (folder / FILES).is_dir()


def write_record(folder: Path, name: str, sources: tuple[str, ...]) -> Fetched:
    """Measure every file in `folder`/files and write the record; reads them all once."""
    files = {path: _facts(folder / FILES / path) for path in _files_in(folder / FILES)}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = Fetched(name=name, sources=sources, fetched=now, files=files)
    write_json(folder / RECORD, record.model_dump(mode="json"))
    return record


def read_record(folder: Path, *, check: bool = True) -> Fetched:
    """The record in `folder`, and with `check` only where every file is as it came.

    To check reads every file once. Raises DataError naming the first that is changed, missing or
    new.
    """
    try:
        record = Fetched.model_validate(read_json(folder / RECORD))
    except (OSError, ValueError, ValidationError):
        what = "the record of what was fetched is missing or not readable"
        raise DataError(what, where=str(folder / RECORD), mend=_again(folder)) from None
    if check:
        _check(record, folder)
    return record


def _check(record: Fetched, folder: Path) -> None:
    present = set(_files_in(folder / FILES))
    for path in sorted(present ^ record.files.keys()):
        what = "was added after it was fetched" if path in present else "is missing"
        raise DataError(what, where=str(folder / FILES / path), mend=_again(folder))
    for path, facts in record.files.items():
        if _facts(folder / FILES / path) != facts:
            what = "was changed after it was fetched"
            raise DataError(what, where=str(folder / FILES / path), mend=_again(folder))


def _again(folder: Path) -> str:
    return f"Remove the folder {folder}, and fetch the data set again."


def _facts(file: Path) -> FileFacts:
    return FileFacts(size_bytes=file.stat().st_size, sha256=sha256_of(file))


def _files_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
