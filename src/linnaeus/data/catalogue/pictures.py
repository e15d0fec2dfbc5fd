"""Data sets that are files of pictures: labelled by their folders, or by what lists of them say."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from linnaeus.data.catalogue.known import not_as_published
from linnaeus.data.dataset import Dataset
from linnaeus.data.gather import Entry, gather
from linnaeus.data.layout import is_picture, listed, read_layout, stray_reason
from linnaeus.data.store import Store

__all__ = ["ClassOf", "data_set_of_files", "only_below", "read_folders"]

ClassOf = Callable[[str], str | None]
"""From a folder's name to that of its class; None for a folder that is no class."""


def read_folders(
    class_of: ClassOf, name: str, store: Store, left_alone: Mapping[str, str] | None = None
) -> Dataset:
    """The data set of class folders, in folders of splits or not; more may be `left_alone`."""
    layout = read_layout(store.listing, name)
    entries, told = [], {**layout.left_alone, **(left_alone or {})}
    for sample in layout.samples:
        label = class_of(sample.label)
        if label is None:
            told[posixpath.dirname(sample.path) + "/"] = "it is no class of this data set"
        else:
            entries.append(Entry(sample.path, (label,), sample.split))
    return data_set_of_files(name, store, entries, left_alone=told)


def data_set_of_files(
    name: str,
    store: Store,
    entries: Iterable[Entry],
    *,
    left_alone: dict[str, str] | None = None,
    grouped: bool = False,
    notes: Iterable[str] = (),
) -> Dataset:
    """The data set of `entries`, whose paths are those in `store`; what they do not name is told.

    `left_alone` tells of what is, besides. Raises DataError where a file is missing.
    """
    taken = list(entries)
    present = set(store.listing.files)
    if not taken:
        raise not_as_published(name, "there is none of its pictures")
    if missing := [entry.path for entry in taken if entry.path not in present]:
        raise not_as_published(name, f"pictures are missing ({len(missing):,}): {listed(missing)}")
    told = dict(store.listing.refused) | _unused(store, taken, left_alone or {})
    return gather(
        name, taken, store, grouped=grouped, left_alone=dict(sorted(told.items())), notes=[*notes]
    )


def only_below(store: Store, folder: str) -> tuple[Store, dict[str, str]]:
    """`store` with only what lies below its highest folder called `folder`, and what is left alone.

    Folders of that name elsewhere hold the same again. Where there is none, all of the store.
    """
    named = [f for f in store.listing.folders if posixpath.basename(f) == folder]
    if not named:
        return store, {}
    top = min(named, key=lambda path: (path.count("/"), path))
    others = {path + "/": f"it holds again what is in {top}" for path in named if path != top}
    return _Below(store, top), others


class _Below(Store):
    """A store of which only the files below one folder are listed, under their own paths."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        listing = store.listing
        self.listing = replace(
            listing,
            files=tuple(path for path in listing.files if path.startswith(f"{folder}/")),
            folders=frozenset(
                f for f in listing.folders if f == folder or f.startswith(f"{folder}/")
            ),
        )

    def size_bytes(self, path: str) -> int:
        return self._store.size_bytes(path)

    def read_whole(self, path: str) -> bytes:
        return self._store.read_whole(path)


def _unused(store: Store, taken: list[Entry], left_alone: dict[str, str]) -> dict[str, str]:
    """{path: why it is left alone}; pictures are told folder by folder."""
    used = {entry.path for entry in taken}
    told = dict(left_alone)
    extra: Counter[str] = Counter()
    for path in store.listing.files:
        if path in used or path in told or _below_any(path, left_alone):
            continue
        if is_picture(path):
            extra[posixpath.dirname(path)] += 1
        else:
            told[path] = stray_reason(posixpath.basename(path))
    for folder, count in extra.items():
        told[f"{folder or '.'}/"] = f"{count:,} of its pictures are in none of the published lists"
    return told


def _below_any(path: str, folders: dict[str, str]) -> bool:
    above = posixpath.dirname(path)
    while above:
        if above + "/" in folders:
            return True
        above = posixpath.dirname(above)
    return False
