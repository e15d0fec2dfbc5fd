"""Zip archives as a store: the directory at their end is read once, each file by its offset."""

from __future__ import annotations

import stat
import struct
import threading
import zipfile
import zlib
from pathlib import Path

from linnaeus.data.members import AtOffset, list_members, member_path, refuse_bomb
from linnaeus.data.store import Store
from linnaeus.errors import DataError

__all__ = ["ZipStore"]

LOCAL_HEADER = struct.Struct("<4s22xHH")
LOCAL_MAGIC = b"PK\x03\x04"
ENCRYPTED = 0x1
SAID_TO_BE_UTF_8 = 0x800
MALFORMED = (ValueError, OSError, EOFError, struct.error)


class ZipStore(Store):
    """The files of a zip archive. Raises DataError when it is damaged, encrypted or a bomb."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, *MALFORMED) as error:
            raise DataError(
                f"the zip archive is damaged or not whole ({error})",
                where=str(path),
                mend="Download or copy it again.",
            ) from None
        self._lock = threading.Lock()
        self._bytes = AtOffset(path.open("rb"))
        members = self._zip.infolist()
        refuse_bomb(sum(m.file_size for m in members), path.stat().st_size, path)
        self._members, folders, refused = _sorted_out(members)
        if members and not self._members and any(m.flag_bits & ENCRYPTED for m in members):
            raise DataError(
                "the zip archive is locked with a password",
                where=str(path),
                mend="Unpack it yourself and give the folder.",
            )
        self.listing = list_members(self._members, folders, refused)

    def size_bytes(self, path: str) -> int:
        return self._members[path].file_size

    def read_whole(self, path: str) -> bytes:
        member = self._members[path]
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with self._lock:
                return _unusual(self._zip, member)
        packed = self._bytes.read(self._start(member), member.compress_size)
        content = packed
        if member.compress_type == zipfile.ZIP_DEFLATED:
            content = _inflated(packed, member.file_size)
        if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
            raise ValueError("it is damaged inside the archive")
        return content

    def close(self) -> None:
        self._zip.close()
        self._bytes.close()

    def _start(self, member: zipfile.ZipInfo) -> int:
        """Where a member's bytes begin: after its local header, whose length only it knows."""
        header = self._bytes.read(member.header_offset, LOCAL_HEADER.size)
        magic, name_bytes, extra_bytes = LOCAL_HEADER.unpack(header)
        if magic != LOCAL_MAGIC:
            raise ValueError("it is damaged inside the archive")
        return int(member.header_offset + LOCAL_HEADER.size + name_bytes + extra_bytes)


def _sorted_out(
    members: list[zipfile.ZipInfo],
) -> tuple[dict[str, zipfile.ZipInfo], list[str], dict[str, str]]:
    """Files by path, folders, and {path: why it is refused}."""
    files: dict[str, zipfile.ZipInfo] = {}
    folders, refused = [], {}
    for member in members:
        path, reason = member_path(_name(member))
        reason = reason or _refusal(member)
        if reason:
            refused[path] = reason
        elif member.is_dir():
            folders.append(path)
        elif path in files:
            refused[path + " (second of that name)"] = "the archive holds two files of this name"
        elif path:
            files[path] = member
    return files, folders, refused


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name. Many programs, macOS among them, write UTF-8 and do not say so.

    The member itself keeps its name, by which the standard library knows it again.
    """
    if member.flag_bits & SAID_TO_BE_UTF_8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _refusal(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "it is a link, and links in archives are not followed"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a device or another special file"
    return "it is locked with a password" if member.flag_bits & ENCRYPTED else ""


def _inflated(packed: bytes, length: int) -> bytes:
    """Deflated bytes expanded, never to more than one byte beyond the declared length."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, length + 1)
    except zlib.error:
        raise ValueError("it is damaged inside the archive") from None


def _unusual(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member in one of the rare compressions (bzip2, LZMA), through the standard library."""
    try:
        with archive.open(member) as file:
            return file.read(member.file_size)
    except NotImplementedError:
        raise ValueError("its compression is not known here") from None
    except Exception as error:  # each decompressor fails in its own way
        raise ValueError(f"it is damaged inside the archive: {error}") from None
