"""What a folder takes when it is packed, as bundles are on their way to where they run."""

from __future__ import annotations

import zlib
from pathlib import Path

__all__ = ["packed_bytes"]

CHUNK_BYTES = 2**20


def packed_bytes(folder: Path) -> int:
    """What the files in `folder` take deflated: in a zip or a wheel, or in a container's layer.

    Without what such a file says of their names, some hundred bytes each. A second for 30 MB.
    """
    return sum(_deflated(file) for file in folder.rglob("*") if file.is_file())


def _deflated(file: Path) -> int:
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    size_bytes = 0
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            size_bytes += len(pack.compress(chunk))
    return size_bytes + len(pack.flush())
