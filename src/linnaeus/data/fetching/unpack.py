"""Compressed archives made plain once, when they arrive, so that pictures are read in place.

Only files whose digest was checked come here, so what is in them is what their publisher packed.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from linnaeus.data.fetching.remote import Remote
from linnaeus.progress import Progress

__all__ = ["fetch_plain"]

COPY_BYTES = 1 << 20


def fetch_plain(
    remote: Remote, folder: Path, progress: Progress, fetch: Callable[[Remote], Path]
) -> None:
    """Have `fetch` bring `remote` into `folder`; of a compressed tar, keep the plain one instead.

    A plain one that is there from an earlier try is not fetched again. Raises as `fetch` does, and
    OSError where the disk is full.
    """
    plain = folder / _plain_name(remote.inner.rpartition("/")[2] or remote.name)
    if plain.exists() and plain.name != remote.name:
        return
    packed = fetch(remote)
    if packed == plain:
        return
    unfinished = plain.with_name(plain.name + ".unpacking")
    with progress.stage(f"Unpacking {remote.name}"):
        _decompress(packed, remote.inner, unfinished)
    unfinished.replace(plain)
    packed.unlink()


def _plain_name(name: str) -> str:
    for suffix in (".tar.gz", ".tgz"):
        if name.endswith(suffix):
            return name.removesuffix(suffix) + ".tar"
    return name


def _decompress(packed: Path, inner: str, to: Path) -> None:
    """Write the tar that is compressed in `packed`, or in the file `inner` of that zip, to `to`."""
    if not inner:
        with gzip.open(packed) as stream, to.open("wb") as file:
            shutil.copyfileobj(stream, file, COPY_BYTES)
        return
    with (
        zipfile.ZipFile(packed) as archive,
        archive.open(inner) as compressed,
        gzip.open(compressed) as stream,
        to.open("wb") as file,
    ):
        shutil.copyfileobj(stream, file, COPY_BYTES)
