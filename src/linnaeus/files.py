"""Whole-or-nothing, digest-checked reads and writes: every file that matters passes through here.

A file or folder is written beside its place under a temporary name, flushed to the disk, and
renamed into place last, so that a reader meets the old state or the new one and never a part.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from linnaeus.disk import the_disk
from linnaeus.errors import LinnaeusError, WriteError

__all__ = [
    "NewFile",
    "add_to_folder",
    "append_whole",
    "bytes_in",
    "check_unused",
    "claim_folder",
    "clear_unfinished",
    "finish_whole",
    "new_file",
    "read_json",
    "release_folder",
    "sha256_of",
    "shorten_to",
    "whole_file",
    "whole_folder",
    "write_json",
    "write_new",
    "write_whole",
]

UNFINISHED = ".unfinished-"
CHUNK_BYTES = 1 << 20
MOST_OF_A_NAME = 1000  # folders called runs/leaves, runs/leaves-2, …
DISK_REFUSES = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", None)}


def write_whole(path: Path, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, whole or not at all.

    Of text, what UTF-8 has no bytes for is spelt out: a file name that is no Unicode holds such
    characters, and "caf\\udce9.jpg" says more than a failure.

    Raises WriteError, and leaves what stood at `path` untouched, when the disk refuses.
    """
    data = _bytes(content)
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _room_in(path.parent) as room, (room / path.name).open("xb") as file:
            the_disk().write(file, data)
            the_disk().flush(file)
            file.close()  # Windows renames no open file
            the_disk().rename(room / path.name, path)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all. NaN and infinity are refused."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_whole(path: Path, content: bytes | str) -> None:
    """Add `content` to the end of the file `path`, whole or not at all where the disk refuses.

    The system has it when this returns. A process that is killed in between may leave a part.
    Raises WriteError.
    """
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                the_disk().write(file, _bytes(content))
            except OSError:
                with suppress(OSError):
                    os.truncate(path, before)
                raise


def shorten_to(path: Path, size_bytes: int) -> None:
    """Drop what stands in the file `path` after its first `size_bytes`. Raises WriteError."""
    with _told_as_write_error(path):
        os.truncate(path, size_bytes)


def finish_whole(part: Path, path: Path) -> None:
    """Let the file `part`, which was written bit by bit, stand at `path`. Raises WriteError."""
    with _told_as_write_error(path):
        with part.open("rb+") as file:
            the_disk().flush(file)
        the_disk().rename(part, path)


def write_new(path: Path, content: bytes) -> bool:
    """Write `content` to `path`, whole or not at all, where nothing stands there.

    False, and nothing is done, where something does; of two that write at once one is told so.
    Raises WriteError.
    """
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _room_in(path.parent) as room:
            aside = room / path.name
            with aside.open("xb") as file:
                the_disk().write(file, content)
            try:
                path.hardlink_to(aside)
            except FileExistsError:
                return False
            except OSError:  # a disk that knows no links: look before, and rename
                if path.exists():
                    return False
                the_disk().rename(aside, path)
            return True


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place for a new file that another program writes; it stands at `path` when the block
    succeeds. What goes wrong with writing is told of `path`. Raises WriteError."""
    with _told_as_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as room_open:
        with _told_as_write_error(path):
            aside = room_open.enter_context(_room_in(path.parent)) / path.name
        yield aside
        finish_whole(aside, path)


class NewFile:
    """A new file inside a folder that is being made, to write to as to any file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        """Write `content`. Raises OSError where the disk refuses."""
        the_disk().write(self._file, content)
        return len(content)


@contextmanager
def new_file(path: Path) -> Iterator[NewFile]:
    """Make a file in a folder of `whole_folder`, which will flush it."""
    with path.open("xb") as file:
        yield NewFile(file)


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises OSError or ValueError as the standard library does."""
    return json.loads(path.read_text(encoding="utf-8"))


def check_unused(path: Path) -> None:
    """Ask before long work whether a new folder can be made at `path`.

    Raises WriteError when `path` exists and is not an empty folder, is the working directory or a
    disk's root, or may not be made.
    """
    _refuse_no_name(path)
    _refuse_what_stands(path)
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        mend = "Name a folder elsewhere, or change the permissions."
        raise WriteError(f"nothing may be written to {above}", where=str(path), mend=mend)


def claim_folder(path: Path, *, numbered: bool = False) -> Path:
    """Make the empty folder `path` before long work, so that its result is sure of a place.

    A folder that is there already and empty will do. With `numbered`, for names that nobody chose,
    it must be new, and path-2, path-3 … are tried where others are taken: of two processes that
    claim one name at once, each gets its own. Returns the folder's absolute path.

    Raises WriteError where something stands at `path`, where `whole_folder` could not write there,
    and for the working directory or a disk's own root, which cannot be replaced by a whole one.
    """
    with _told_as_write_error(path):
        place = path.resolve()
        _refuse_below_a_file(path)
        if not numbered:
            _refuse_what_stands(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        with _room_in(place.parent):  # as whole_folder will need it
            return _first_free(place) if numbered else _made_or_empty(place)


def release_folder(path: Path) -> None:
    """Remove a folder that was claimed in vain: one that is still empty. Any other stays."""
    with suppress(OSError):
        path.rmdir()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` to fill; rename it to `path` when the block succeeds.

    Raises WriteError when `path` exists and is not an empty folder, or when the disk refuses. What
    goes wrong in the block is told with the final path; other failures than of writing here pass.
    """
    check_unused(path)
    place = path.resolve()
    with _told_as_write_error(path):
        place.parent.mkdir(parents=True, exist_ok=True)
    with _filled_aside(place.parent, place.name, path) as aside:
        yield aside
        with _told_as_write_error(path):
            _flush_all(aside)
            if place.exists():
                place.rmdir()
            the_disk().rename(aside, place)


@contextmanager
def add_to_folder(folder: Path, *, last: str) -> Iterator[Path]:
    """Give a temporary folder inside `folder` to fill; move all in it up when the block succeeds.

    `last` is moved last: where it stands, all the rest does. What an ended process moved before is
    replaced. Raises WriteError as `whole_folder` does, and where `last` stands already.
    """
    place = folder.resolve()
    with _filled_aside(place, place.name, folder) as aside:
        yield aside
        _refuse_what_stands(folder / last)
        with _told_as_write_error(folder):
            _flush_all(aside)
            for made in sorted(aside.iterdir(), key=lambda made: (made.name == last, made.name)):
                if (place / made.name).is_dir():
                    shutil.rmtree(place / made.name)
                the_disk().rename(made, place / made.name)


def clear_unfinished(folder: Path) -> None:
    """Remove what a process that was killed has left unfinished in `folder`, which nobody uses."""
    for left in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


def bytes_in(folder: Path) -> int:
    """What all files in `folder` and below take."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _room_in(folder: Path) -> Iterator[Path]:
    """A private folder in `folder`, which goes away with whatever is left in it.

    What is made in it gets the permissions of any new file, since none are asked for.
    """
    room = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _filled_aside(within: Path, name: str, path: Path) -> Iterator[Path]:
    """Give a new folder called `name` in a room in `within`, which goes away with what stays in it.

    What goes wrong in the block is told of `path`, where what is made there will be.
    """
    with ExitStack() as room_open:
        with _told_as_write_error(path):
            aside = room_open.enter_context(_room_in(within)) / name
            aside.mkdir()
        try:
            yield aside
        except LinnaeusError as error:
            if str(aside) not in str(error):
                raise
            raise _told_of(error, aside, path) from error.__cause__
        except OSError as error:
            if not _is_of_writing(error, aside):
                raise
            raise _unwritten(path, error) from error


def _flush_all(aside: Path) -> None:
    """Flush what is in `aside`, and give files the permissions of new ones."""
    usual = aside.stat().st_mode & 0o666  # as the process's mask left them
    for file in sorted(aside.rglob("*")):
        if file.is_file():
            file.chmod(usual)
            with file.open("rb+") as opened:
                the_disk().flush(opened)


def _bytes(content: bytes | str) -> bytes:
    """Text as UTF-8; what that has no bytes for is spelt out."""
    return content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content


def _refuse_no_name(path: Path) -> None:
    if "\0" in str(path):
        raise WriteError(
            "no file can be called so, for there is a null character in it",
            where=str(path).replace("\0", "\\0"),
            mend="Give another name.",
        )


def _refuse_below_a_file(path: Path) -> None:
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        what = f"{above} is a file, so no folder can be made in it"
        raise WriteError(what, where=str(path), mend="Name a folder elsewhere.")


def _refuse_what_stands(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        mend = "Name another folder, or move this one away."
        raise WriteError("already exists and is not empty", where=str(path), mend=mend)
    place = path.resolve()
    if place == Path.cwd() or os.path.ismount(place):
        raise WriteError(
            "the working directory, or the root of a disk, cannot be replaced by a finished folder",
            where=str(path),
            mend=f"Name a new folder in it, such as {path / 'run'}.",
        )


def _made_or_empty(place: Path) -> Path:
    place.mkdir(exist_ok=True)
    return place


def _first_free(place: Path) -> Path:
    for number in range(1, MOST_OF_A_NAME):
        folder = place if number == 1 else place.with_name(f"{place.name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise WriteError("this name and its numbers are taken", where=str(place), mend="Name another.")


def _is_of_writing(error: OSError, aside: Path) -> bool:
    """Whether the disk of `aside` failed, and not something else that the block had to do with."""
    if error.filename is None:
        return error.errno in DISK_REFUSES
    return isinstance(error.filename, str) and Path(error.filename).is_relative_to(aside)


def _told_of(error: LinnaeusError, aside: Path, path: Path) -> LinnaeusError:
    """`error` with the place it names in `aside` as it would have been in `path`."""
    where = error.where.replace(str(aside), str(path))
    return type(error)(error.what.replace(str(aside), str(path)), where=where, mend=error.mend)


@contextmanager
def _told_as_write_error(path: Path) -> Iterator[None]:
    _refuse_no_name(path)
    try:
        yield
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"could not be written ({error.strerror or error})",
        where=str(path),
        mend="Free some space or check the permissions; nothing that stood here was changed.",
    )
