"""A folder or archive on disk as a `Store`, by what its first bytes say."""

from __future__ import annotations

import difflib
from pathlib import Path

from linnaeus.data.layout import listed
from linnaeus.data.named import NAMED
from linnaeus.data.store import FolderStore, Store
from linnaeus.data.tars import COMPRESSIONS, TarStore
from linnaeus.data.zips import ZipStore
from linnaeus.errors import DataError

__all__ = ["ARCHIVE_SUFFIXES", "begins_like_archive", "open_store"]

ARCHIVE_SUFFIXES = (
    ".zip .tar .tar.gz .tgz .tar.xz .txz .tar.bz2 .tbz2 .tbz .tar.zst .7z .rar".split()
)
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
UNREAD_MAGICS = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
TAR_MAGIC, TAR_MAGIC_OFFSET = b"ustar", 257
HEAD_BYTES = 512


def open_store(path: Path) -> Store:
    """The folder or archive at `path` as a store. Raises DataError for anything else."""
    try:
        if path.is_dir():
            return FolderStore(path)
        if path.exists() and not path.is_file():
            raise _not_data(path, b"")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (FileNotFoundError, ValueError):  # no name has a null character in it
        raise _not_there(path) from None
    except OSError as error:
        raise DataError(
            f"it cannot be opened ({error.strerror or error})",
            where=str(path),
            mend="Check the path and its permissions.",
        ) from None
    if head.startswith(ZIP_MAGICS):
        return ZipStore(path)
    if _is_tar(head):
        return TarStore(path)
    raise _not_data(path, head)


def begins_like_archive(path: Path) -> bool:
    """Whether the file at `path` is a zip or tar archive by its first bytes; False where it cannot
    be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith(ZIP_MAGICS) or _is_tar(head)


def _is_tar(head: bytes) -> bool:
    plain = head[TAR_MAGIC_OFFSET:].startswith(TAR_MAGIC)
    return plain or head.startswith(tuple(COMPRESSIONS))


def _not_there(path: Path) -> DataError:
    folder = path.parent
    there = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, [*there, *NAMED], n=3)
    meant = f"Did you mean {listed(near)}?" if near else "Check the path."
    if not folder.is_dir():
        meant = f"Check the path: {folder} does not exist either."
    return DataError("there is no such file or folder", where=str(path), mend=meant)


def _not_data(path: Path, head: bytes) -> DataError:
    kind = next((name for magic, name in UNREAD_MAGICS.items() if head.startswith(magic)), "")
    if kind:
        return DataError(
            f"{kind} archives are not read", where=str(path), mend="Unpack it, or make it a zip."
        )
    if not path.is_file():
        what = "this is neither a folder nor a plain file"
    elif not head.strip(b"\0"):
        what = "the file is empty" if not head else "the file begins with nothing but zeros"
    elif path.name.lower().endswith(tuple(ARCHIVE_SUFFIXES)):
        what = "by its content this is no zip or tar archive, whatever its name says"
    else:
        what = "this is neither a folder, nor a zip or tar archive, nor a table"
    return DataError(
        what,
        where=str(path),
        mend="Give a folder of class folders, an archive of one, or a CSV of paths and labels.",
    )
