"""Where files lie, whatever holds them: their names at once, their bytes one at a time.

A `Store` lists files by paths with "/" between parts, never with ".." in them. `FolderStore` is a
folder on disk; archives are in `archive`; `Beneath` is a store seen from one of its folders.
"""

from __future__ import annotations

import os
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linnaeus.errors import DataError, UnreadableImage

__all__ = [
    "MAX_FILE_BYTES",
    "SYSTEM_FILES",
    "Beneath",
    "FolderStore",
    "Listing",
    "Store",
    "is_system_folder",
    "outside_system_folders",
    "printable",
]

MAX_FILE_BYTES = 512 << 20
"""A larger file is no picture to decode here: 40 megapixels of RGBA in 16 bits are 305 MiB."""

SYSTEM_FILES = {
    ".ds_store": "macOS keeps folder settings in it",
    "thumbs.db": "Windows keeps thumbnails in it",
    "ehthumbs.db": "Windows keeps thumbnails in it",
    "desktop.ini": "Windows keeps folder settings in it",
    "icon\r": "macOS keeps a folder's icon in it",
}
SYSTEM_FOLDERS = {
    "__macosx": "macOS adds it to archives; it holds no pictures of its own",
    "@eadir": "a network disk keeps thumbnails in it",
    "$recycle.bin": "Windows keeps deleted files in it",
    "system volume information": "Windows keeps its own data in it",
}


@dataclass(frozen=True)
class Listing:
    """What a store holds.

    `files`: paths of the files that can be read. `folders`: paths of all folders, empty ones too.
    `refused`: {path: why} for what is there and is not read.
    """

    files: tuple[str, ...]
    folders: frozenset[str]
    refused: dict[str, str]


class Store(ABC):
    """Files by name; `read` is safe to call from several threads at once."""

    listing: Listing

    @abstractmethod
    def size_bytes(self, path: str) -> int:
        """The size of a file. Raises OSError or KeyError when there is none."""

    @abstractmethod
    def read_whole(self, path: str) -> bytes:
        """The bytes of a file. Raises OSError or ValueError when they cannot be had."""

    def on_disk(self, path: str) -> Path | None:
        """The file by itself that holds these bytes; None where they lie in something else."""
        return None

    def close(self) -> None:  # noqa: B027 - most stores hold nothing open
        """Let go of open files; the store cannot be read afterwards."""

    def read(self, path: str) -> bytes:
        """The bytes of a file; raises UnreadableImage with the reason when they cannot be had."""
        try:
            if (size := self.size_bytes(path)) > MAX_FILE_BYTES:
                reason = (
                    f"its {size >> 20:,} MB are more than the limit of {MAX_FILE_BYTES >> 20} MB"
                )
            else:
                return self.read_whole(path)
        except KeyError:
            reason = "there is no such file"
        except OSError as error:
            reason = f"it could not be read ({error.strerror or error})"
        except (ValueError, EOFError, MemoryError) as error:
            reason = f"it could not be read ({error or type(error).__name__})"
        raise UnreadableImage(reason, where=path, mend="Replace it or take it out.")


class FolderStore(Store):
    """The files under a folder. Hidden and system folders are not entered, links are followed.

    Raises DataError when the folder itself cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unprintable: dict[str, str] = {}
        found: dict[str, list[tuple[str, str]]] = {"file": [], "folder": [], "refused": []}
        for kind, name, reason in _walk(folder):
            path = printable(name)
            if path != name:
                self._unprintable[path] = name
            found[kind].append((path, reason))
        self.listing = Listing(
            tuple(sorted(path for path, _ in found["file"])),
            frozenset(path for path, _ in found["folder"]),
            dict(sorted(found["refused"])),
        )

    def size_bytes(self, path: str) -> int:
        return self.on_disk(path).stat().st_size

    def read_whole(self, path: str) -> bytes:
        return self.on_disk(path).read_bytes()

    def on_disk(self, path: str) -> Path:
        return self.folder / self._unprintable.get(path, path)


class Beneath:
    """A store as seen from one of its folders (`prefix` ends in "/", or is "")."""

    def __init__(self, store: Store, prefix: str) -> None:
        self.store = store
        self.prefix = prefix

    def read(self, path: str) -> bytes:
        """The bytes of a file; raises UnreadableImage with the reason when they cannot be had."""
        try:
            return self.store.read(self.prefix + path)
        except UnreadableImage as error:
            raise UnreadableImage(error.what, where=path, mend=error.mend) from None

    def on_disk(self, path: str) -> Path | None:
        """As of a `Store`."""
        return self.store.on_disk(self.prefix + path)


def printable(name: str) -> str:
    """A name that can be written to any file: bytes that are no UTF-8 stand as escapes in it."""
    return name.encode("utf-8", "backslashreplace").decode()


def outside_system_folders(paths: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Split paths into those to look at, and {system or hidden folder + "/": why it is not}."""
    kept, refused = [], {}
    for path in paths:
        folder, reason = _system_folder_of(path)
        if reason:
            refused[folder + "/"] = reason
        else:
            kept.append(path)
    return kept, refused


def is_system_folder(name: str) -> bool:
    """Whether folders of this name are never entered."""
    return bool(_system_folder_reason(name))


def _system_folder_of(path: str) -> tuple[str, str]:
    """The first system folder that `path` lies in, and why it is one; or two empty texts."""
    parts = path.split("/")[:-1]
    for depth, name in enumerate(parts, start=1):
        if reason := _system_folder_reason(name):
            return "/".join(parts[:depth]), reason
    return "", ""


def _system_folder_reason(name: str) -> str:
    hidden = "it is a hidden folder" if name.startswith(".") else ""
    return SYSTEM_FOLDERS.get(name.lower(), hidden)


def _walk(top: Path) -> Iterator[tuple[str, str, str]]:
    """("file" | "folder" | "refused", path, why it is refused) of all that lies under `top`."""
    waiting = [("", frozenset([os.path.realpath(top)]))]
    while waiting:
        folder, above = waiting.pop()
        try:
            with os.scandir(top / folder) as opened:
                entries = list(opened)
        except OSError as error:
            yield _cannot_be_opened(top, folder, error)
            continue
        for entry in entries:
            path = posixpath.join(folder, entry.name)
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError as error:  # a link to itself, or into a folder that may not be entered
                yield "refused", path, f"it cannot be opened ({error.strerror or error})"
                continue
            if not is_folder:
                yield ("file", path, "") if is_file else ("refused", path, _odd(entry))
            elif reason := _reason_not_to_enter(entry, above):
                yield "refused", path + "/", reason
            else:
                yield "folder", path, ""
                waiting.append((path, above | {os.path.realpath(entry.path)}))


def _reason_not_to_enter(folder: os.DirEntry[str], above: frozenset[str]) -> str:
    if reason := _system_folder_reason(folder.name):
        return reason
    return "it is a link to a folder that holds it" if os.path.realpath(folder) in above else ""


def _odd(entry: os.DirEntry[str]) -> str:
    return "it is a link to nothing" if entry.is_symlink() else "it is not a plain file"


def _cannot_be_opened(top: Path, folder: str, error: OSError) -> tuple[str, str, str]:
    what = f"the folder cannot be opened ({error.strerror or error})"
    if folder:
        return "refused", folder + "/", what
    raise DataError(what, where=str(top), mend="Check its permissions.")
