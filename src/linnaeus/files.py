"""Whole-or-nothing, digest-checked reads and writes: every file that matters passes through here.

A file or folder is written beside its place under a temporary name, flushed to the disk, and
renamed into place last, so that a reader meets the old state or the new one and never a part.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linnaeus.errors import BundleError, WriteError

__all__ = [
    "MANIFEST",
    "check_unused",
    "read_json",
    "sha256_of",
    "verify_manifest",
    "whole_folder",
    "write_json",
    "write_manifest",
    "write_whole",
]

MANIFEST = "manifest.json"
CHUNK_BYTES = 1 << 20


def write_whole(path: Path, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all.

    Of text, what UTF-8 has no bytes for is spelt out: a file name that is no Unicode holds such
    characters, and "caf\\udce9.jpg" says more than a failure.

    Raises WriteError, and leaves what stood at `path` untouched, when the disk refuses.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).chmod(0o666 & ~_umask())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all. NaN and infinity are refused."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises OSError or ValueError as the standard library does."""
    return json.loads(path.read_text(encoding="utf-8"))


def check_unused(path: Path) -> None:
    """Ask before long work whether a new folder can be made at `path`.

    Raises WriteError when `path` exists and is not an empty folder, or may not be made.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        mend = "Name another folder, or move this one away."
        raise WriteError("already exists and is not empty", where=str(path), mend=mend)
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        mend = "Name a folder elsewhere, or change the permissions."
        raise WriteError(f"nothing may be written to {above}", where=str(path), mend=mend)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` to fill; rename it to `path` when the block succeeds.

    Raises WriteError when `path` exists and is not an empty folder, or when the disk refuses.
    """
    check_unused(path)
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            aside.chmod(0o777 & ~_umask())
            yield aside
            for file in sorted(aside.rglob("*")):
                if file.is_file():
                    file.chmod(0o666 & ~_umask())
                    _flush_to_disk(file)
            if path.exists():
                path.rmdir()
            aside.replace(path)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_manifest(folder: Path) -> None:
    """Record the SHA-256 of every file under `folder` in its manifest.json."""
    files = {
        file.relative_to(folder).as_posix(): sha256_of(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file != folder / MANIFEST
    }
    write_json(folder / MANIFEST, {"algorithm": "sha256", "files": files})


def verify_manifest(folder: Path) -> dict[str, str]:
    """Check every file under `folder` against its manifest; return {relative path: SHA-256}.

    Raises BundleError naming the first file that is changed, missing or not listed.
    """
    manifest = folder / MANIFEST
    try:
        files: dict[str, str] = dict(read_json(manifest)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BundleError(
            "the manifest is missing or not readable",
            where=str(manifest),
            mend="Copy the bundle again from where it was made.",
        ) from None
    present = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
    for name in sorted(present - {MANIFEST} - files.keys()):
        raise _not_as_made(folder / name, "was added after the bundle was made")
    for name, digest in sorted(files.items()):
        if name not in present:
            raise _not_as_made(folder / name, "is missing from the bundle")
        if sha256_of(folder / name) != digest:
            raise _not_as_made(folder / name, "was changed after the bundle was made")
    return files


def _not_as_made(file: Path, what: str) -> BundleError:
    mend = "Use a bundle only as it was made: copy it again from its source, or train anew."
    return BundleError(what, where=str(file), mend=mend)


def _flush_to_disk(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def _told_as_write_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"could not be written ({error.strerror or error})",
            where=str(path),
            mend="Free some space or check the permissions; nothing that stood here was changed.",
        ) from error
