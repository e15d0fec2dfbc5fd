"""Tar archives as a store, plain or compressed: listed once, each file read by its offset."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO, cast

from linnaeus.data.members import AtOffset, list_members, member_path, refuse_bomb
from linnaeus.data.store import Store
from linnaeus.errors import DataError, WriteError

__all__ = ["COMPRESSIONS", "TarStore"]

CHUNK_BYTES = 1 << 20

COMPRESSIONS: dict[bytes, Callable[[Path], BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
"""How a compressed file begins, and what opens it."""


class TarStore(Store):
    """The files of a tar archive; `in_place` when it is not compressed.

    Raises DataError when it is damaged, cut short or a bomb.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            head = file.read(8)
        opener = next((o for magic, o in COMPRESSIONS.items() if head.startswith(magic)), None)
        self.in_place = opener is None
        plain = path.open("rb") if opener is None else _decompressed(path, opener)
        self._bytes = AtOffset(plain)
        self._places, folders, refused = _places(plain, path)
        self.listing = list_members(self._places, folders, refused)

    def size_bytes(self, path: str) -> int:
        return self._places[path][1]

    def read_whole(self, path: str) -> bytes:
        return self._bytes.read(*self._places[path])

    def place(self, path: str) -> tuple[int, int]:
        """A file's offset and length in bytes; in the archive itself where it is `in_place`."""
        return self._places[path]

    def close(self) -> None:
        self._bytes.close()


def _decompressed(path: Path, opener: Callable[[Path], BufferedIOBase]) -> BinaryIO:
    """The tar in an anonymous temporary file, which vanishes when it is closed."""
    aside = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the store keeps it open
    packed_bytes, expanded_bytes = path.stat().st_size, 0
    try:
        with opener(path) as stream:
            while chunk := _next_chunk(stream, path):
                expanded_bytes += len(chunk)
                refuse_bomb(expanded_bytes, packed_bytes, path)
                _keep(aside, chunk, path)
        aside.seek(0)
    except BaseException:
        aside.close()
        raise
    return aside


def _next_chunk(stream: BufferedIOBase, path: Path) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise _damaged(path, error) from None


def _keep(aside: BinaryIO, chunk: bytes, path: Path) -> None:
    try:
        aside.write(chunk)
    except OSError as error:
        raise WriteError(
            f"there is no room to decompress it ({error.strerror or error})",
            where=str(path),
            mend=f"Free some space in {tempfile.gettempdir()}, or unpack it and give the folder.",
        ) from None


def _places(
    plain: BinaryIO, path: Path
) -> tuple[dict[str, tuple[int, int]], list[str], dict[str, str]]:
    """{file: (offset, length)}, folders, and {path: why it is refused}."""
    files: dict[str, tuple[int, int]] = {}
    folders, refused = [], {}
    try:
        with tarfile.open(fileobj=plain, mode="r:") as tar:
            while member := tar.next():
                name, reason = member_path(member.name)
                reason = reason or _refusal(member)
                if reason:
                    refused[name] = reason
                elif member.isdir():
                    folders.append(name)
                elif name in files:
                    refused[name + " (second of that name)"] = "the archive holds two of this name"
                else:
                    files[name] = (member.offset_data, member.size)
                tar.members = []  # type: ignore[attr-defined]  # every header would stay in memory
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        plain.close()
        raise _damaged(path, error) from None
    return files, folders, refused


def _refusal(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "it is a link, and links in archives are not followed"
    if member.isdir():
        return ""
    if not member.isreg():
        return "it is a device or another special file"
    return "it is stored with holes, which is not read" if member.issparse() else ""


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"the tar archive is damaged or not whole ({error})",
        where=str(path),
        mend="Download or copy it again.",
    )
