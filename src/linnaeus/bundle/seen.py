"""What a bundle was trained on, as digests: so that no picture of it is ever counted as a test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnaeus.files import write_whole

__all__ = [
    "SEEN_FILE",
    "SeenFiles",
    "add_seen",
    "group_digests",
    "read_seen",
    "read_seen_files",
    "read_seen_groups",
    "short_digests",
    "was_seen",
    "write_seen",
]

SEEN_FILE = "trained_on.safetensors"
NOTHING = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class SeenFiles:
    """The files that a bundle was made from, by the digests of their bytes.

    `learnt`: (n,) uint64, the first 8 bytes of the SHA-256 of the files that it learned from.
    `held_out`: (m,) uint64, those that it was chosen and calibrated on, and did not learn from.
    """

    learnt: NDArray[np.uint64]
    held_out: NDArray[np.uint64]

    @classmethod
    def of(cls, learnt: Iterable[str], held_out: Iterable[str]) -> SeenFiles:
        """From hexadecimal SHA-256 digests of files, as scans and data sets give them."""
        return cls(short_digests(learnt), short_digests(held_out))


def write_seen(
    folder: Path,
    pixel_digests: Iterable[str],
    files: SeenFiles | None = None,
    groups: Iterable[str] = (),
) -> None:
    """Keep the digests (hexadecimal SHA-256 of decoded pixels, as scans give them) in a bundle.

    They are of pixels decoded by the bundle's own preprocessing, as those must be that are asked
    for: a JPEG decoded at a reduced scale has another digest than the same picture saved as PNG.
    The first 8 bytes of each are kept: with a million pictures one false alarm is expected in
    eighteen million such evaluations of a million others. `files` tell apart, of the same data
    set, what was learnt from and what was held out: an ensemble needs to know. `groups`: the names
    of those that these pictures are of, kept as digests too.
    """
    _write(folder, short_digests(pixel_digests), files, short_digests(group_digests(groups)))


def add_seen(folder: Path, earlier: Path) -> None:
    """Keep in the bundle in `folder` also what the one in `earlier`, of which it is made, saw.

    What either learnt from counts as learnt, though the other held it out.
    """
    files, before = read_seen_files(folder), read_seen_files(earlier)
    if files is not None and before is not None:
        learnt = np.union1d(files.learnt, before.learnt)
        held_out = np.setdiff1d(np.union1d(files.held_out, before.held_out), learnt)
        files = SeenFiles(learnt, held_out)
    groups = np.union1d(read_seen_groups(folder), read_seen_groups(earlier))
    _write(folder, np.union1d(read_seen(folder), read_seen(earlier)), files, groups)


def _write(
    folder: Path,
    pixel_digests: NDArray[np.uint64],
    files: SeenFiles | None,
    groups: NDArray[np.uint64],
) -> None:
    from safetensors.numpy import save

    tensors = {"pixel_digests": pixel_digests}
    if len(groups):
        tensors["groups"] = groups
    if files is not None:
        tensors |= {"learnt_files": files.learnt, "held_out_files": files.held_out}
    write_whole(folder / SEEN_FILE, save(tensors))


def read_seen(folder: Path) -> NDArray[np.uint64]:
    """The digests kept in the bundle in `folder`, sorted; empty where it keeps none."""
    return _kept(folder).get("pixel_digests", NOTHING)


def read_seen_files(folder: Path) -> SeenFiles | None:
    """The files that the bundle in `folder` was made from; None where it does not say."""
    kept = _kept(folder)
    if "learnt_files" not in kept:
        return None
    return SeenFiles(kept["learnt_files"], kept["held_out_files"])


def read_seen_groups(folder: Path) -> NDArray[np.uint64]:
    """The digests of the groups kept in the bundle in `folder`, sorted; empty where it keeps none,
    as older ones do not."""
    return _kept(folder).get("groups", NOTHING)


def _kept(folder: Path) -> dict[str, NDArray[np.uint64]]:
    """What the bundle in `folder` keeps, by name; nothing where it has no such file."""
    from safetensors.numpy import load_file

    file = folder / SEEN_FILE
    return load_file(str(file)) if file.exists() else {}


def group_digests(groups: Iterable[str]) -> list[str]:
    """Hexadecimal SHA-256 of the names of `groups`: a bundle keeps no name of a patient.

    A name that somebody can guess can still be tried.
    """
    return [hashlib.sha256(f"group {name}".encode()).hexdigest() for name in groups]


def was_seen(seen: NDArray[np.uint64], digests: Iterable[str]) -> NDArray[np.bool_]:
    """(n,) whether each of `digests` is among `seen`, digests of the same kind."""
    asked = np.array([_number(digest) for digest in digests], np.uint64)
    return np.isin(asked, seen)


def short_digests(digests: Iterable[str]) -> NDArray[np.uint64]:
    """(n,) the first 8 bytes of hexadecimal `digests`, each once, sorted."""
    return np.unique(np.array([_number(digest) for digest in digests], np.uint64))


def _number(digest: str) -> int:
    return int(digest[:16] or "0", 16)
