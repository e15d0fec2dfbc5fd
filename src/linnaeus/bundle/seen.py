"""What a bundle was trained on, as digests: so that no picture of it is ever counted as a test."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.files import write_whole

__all__ = ["SEEN_FILE", "read_seen", "was_seen", "write_seen"]

SEEN_FILE = "trained_on.safetensors"


def write_seen(folder: Path, pixel_digests: Iterable[str]) -> None:
    """Keep the digests (hexadecimal SHA-256 of decoded pixels, as scans give them) in a bundle.

    They are of pixels decoded by the bundle's own preprocessing, as those must be that are asked
    for: a JPEG decoded at a reduced scale has another digest than the same picture saved as PNG.
    The first 8 bytes of each are kept: with a million pictures one false alarm is expected in
    eighteen million such evaluations of a million others.
    """
    from safetensors.numpy import save

    write_whole(folder / SEEN_FILE, save({"pixel_digests": _short(pixel_digests)}))


def read_seen(folder: Path) -> NDArray[np.uint64]:
    """The digests kept in the bundle in `folder`, sorted; empty where it keeps none."""
    from safetensors.numpy import load_file

    if not (folder / SEEN_FILE).exists():
        return np.zeros(0, np.uint64)
    return load_file(str(folder / SEEN_FILE))["pixel_digests"]


def was_seen(seen: NDArray[np.uint64], pixel_digests: Iterable[str]) -> NDArray[np.bool_]:
    """(n,) whether each of `pixel_digests` is among `seen`."""
    asked = np.array([_number(digest) for digest in pixel_digests], np.uint64)
    return np.isin(asked, seen)


def _short(pixel_digests: Iterable[str]) -> NDArray[np.uint64]:
    return np.unique(np.array([_number(digest) for digest in pixel_digests], np.uint64))


def _number(digest: str) -> int:
    return int(digest[:16] or "0", 16)
