"""A folder of downloads, or one archive, as a single store: archives in it appear unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linnaeus.data.catalogue.known import not_as_published
from linnaeus.data.store import FolderStore, Listing, Store
from linnaeus.data.tars import TarStore
from linnaeus.data.zips import ZipStore

__all__ = ["Gathered", "files_ending", "open_files", "the_file"]

TARS = (".tar", ".tar.gz", ".tgz")
ARCHIVES = (".zip", *TARS)


def open_files(place: Path) -> Store:
    """The files at `place`, a folder or an archive, as they are when every archive is unpacked.

    Raises DataError where one cannot be opened.
    """
    if not place.is_dir():
        return _archive(place)
    folder = FolderStore(place)
    packed = [path for path in folder.listing.files if path.lower().endswith(ARCHIVES)]
    if not packed:
        return folder
    plain = Gathered([folder], leaving_out=frozenset(packed))
    return Gathered([plain, *(_archive(place / path) for path in packed)])


class Gathered(Store):
    """Several stores as one; of files with the same path, the first store's counts."""

    def __init__(self, stores: Sequence[Store], leaving_out: frozenset[str] = frozenset()) -> None:
        self._stores = stores
        self._of = {
            path: store
            for store in reversed(stores)
            for path in store.listing.files
            if path not in leaving_out
        }
        folders = frozenset().union(*(store.listing.folders for store in stores))
        refused = {p: why for store in stores for p, why in store.listing.refused.items()}
        self.listing = Listing(tuple(sorted(self._of)), folders, refused)

    def size_bytes(self, path: str) -> int:
        return self._of[path].size_bytes(path)

    def read_whole(self, path: str) -> bytes:
        return self._of[path].read_whole(path)

    def close(self) -> None:
        for store in self._stores:
            store.close()


def files_ending(store: Store, ending: str) -> list[str]:
    """The paths that are `ending`, or end in it after a "/"."""
    return [p for p in store.listing.files if p == ending or p.endswith(f"/{ending}")]


def the_file(name: str, store: Store, ending: str) -> str:
    """The one path that is `ending`, or ends in it after a "/"; of several, the one highest up.

    Raises DataError where there is none.
    """
    found = files_ending(store, ending)
    if not found:
        raise not_as_published(name, f"there is no file {ending}")
    return min(found, key=lambda path: (path.count("/"), path))


def _archive(path: Path) -> Store:
    return TarStore(path) if path.name.lower().endswith(TARS) else ZipStore(path)
