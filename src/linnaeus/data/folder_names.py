"""Names of classes and pictures as names of folders and files that every system takes."""

from __future__ import annotations

import hashlib
import posixpath
import re

from linnaeus.data.store import is_system_folder

__all__ = ["file_name", "folder_name", "is_folder_of", "unused"]

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]|%(?=[0-9A-Fa-f]{2})|^[ .]|[ .]$')
"""What Windows, macOS or Linux does not take, or what would read as an escape."""

DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
LONGEST_BYTES = 120
"""File systems take 255, some encrypted ones 143."""


def folder_name(label: str, *, marked: bool = False) -> str:
    """A class name as a folder's: as it is where possible, otherwise escaped as in web addresses.

    Two names never give one. `marked` adds a digest, for names that differ in case only.

    >>> folder_name("dog"), folder_name("dog/wolf"), folder_name("...")
    ('dog', 'dog%2Fwolf', '%2E.%2E')
    """
    name = FORBIDDEN.sub(lambda found: _escaped(found[0]), label)
    if DEVICES.match(name) or is_system_folder(name):
        name = _escaped(name[0]) + name[1:]
    if marked or len(name.encode()) > LONGEST_BYTES or not name:
        digest = hashlib.sha256(label.encode()).hexdigest()[:8]
        name = f"{name.encode()[:LONGEST_BYTES].decode(errors='ignore').rstrip(' .')}~{digest}"
    return name


def is_folder_of(folder: str, label: str) -> bool:
    """Whether a folder of this name is the class's."""
    return folder in (label, folder_name(label), folder_name(label, marked=True))


def file_name(name: str) -> str:
    """A file's name, escaped as `folder_name` does; its ending stays.

    >>> file_name("a:b.jpg"), file_name(".jpg")
    ('a%3Ab.jpg', '%2Ejpg.jpg')
    """
    stem, suffix = posixpath.splitext(name)
    if not suffix:
        stem, suffix = name, posixpath.splitext(f"x{name}")[1]
    return folder_name(stem) + suffix


def unused(path: str, taken: set[str]) -> str:
    """The path, numbered where it is in `taken` but for case; what is returned is added there.

    >>> taken = set()
    >>> unused("a/1.jpg", taken), unused("A/1.jpg", taken)
    ('a/1.jpg', 'A/1-2.jpg')
    """
    stem, suffix = posixpath.splitext(path)
    number, free = 1, path
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    taken.add(free.casefold())
    return free


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
