"""A scan as a folder of plain files, and back: arrays that can be mapped, the rest as JSON.

It knows nothing of what a scan consists of: whatever fields `Scan` has are kept, each in a file of
its name, and every file is checked before it is believed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter

from linnaeus.data.in_threads import processors
from linnaeus.data.memory import claim_bytes
from linnaeus.data.scan import Scan
from linnaeus.files import new_file

__all__ = ["CONTENTS", "FORMAT", "Contents", "mapped_pixels", "read_scan", "write_scan"]

FORMAT = 2
"""Goes up when what a scan finds in the same file changes, or how it is kept."""

CONTENTS = "contents.json"
PIXELS = "pixels.npy"
BLOCK_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20


class Contents(BaseModel):
    """What a kept scan consists of.

    `kind`: what the pictures were brought to, for people. `pictures`: a digest of the files that it
    saw. `files`: {name: (size in bytes, SHA-256 of each 64 MiB of it)}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    dataset: str
    kind: str
    count: int
    pictures: str
    files: dict[str, tuple[int, tuple[str, ...]]]


def mapped_pixels(folder: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros of `shape`, uint8, in the file of `folder` that holds the pixels of a kept scan.

    Raises OSError where the disk has no room for them.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with (folder / PIXELS).open("xb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        claim_bytes(file, file.tell() + int(np.prod(shape, dtype=np.int64)))
    pixels: NDArray[np.uint8] = np.load(folder / PIXELS, mmap_mode="r+")
    return pixels


def write_scan(folder: Path, scan: Scan, *, dataset: str, kind: str, pictures: str) -> None:
    """Write `scan` of the data set called `dataset` into `folder`; its pixels may lie there.

    `kind` is for people to read; `pictures` is kept to tell by which files they are of.
    """
    for field in dataclasses.fields(Scan):
        value = getattr(scan, field.name)
        if isinstance(value, np.ndarray):
            _write_array(folder / f"{field.name}.npy", value)
        elif value is not None:
            text = TypeAdapter(get_type_hints(Scan)[field.name]).dump_json(value)
            _write(folder / f"{field.name}.json", text)
    files = {file.name: (file.stat().st_size, _digests(file)) for file in sorted(folder.iterdir())}
    contents = Contents(dataset=dataset, kind=kind, count=len(scan), pictures=pictures, files=files)
    _write(folder / CONTENTS, contents.model_dump_json().encode())


def read_scan(folder: Path, *, check: bool = True) -> Scan:
    """The scan kept in `folder`, its arrays mapped and read-only.

    Raises ValueError or OSError where a file is not as it was written.
    """
    contents = Contents.model_validate_json((folder / CONTENTS).read_bytes())
    for name, (size, digests) in contents.files.items():
        if (folder / name).stat().st_size != size or (check and _digests(folder / name) != digests):
            raise ValueError(f"{name} was changed")
    return Scan(
        **{field.name: _read_field(folder, field.name) for field in dataclasses.fields(Scan)}
    )


def _write_array(file: Path, array: NDArray[Any]) -> None:
    if isinstance(array, np.memmap) and file.exists():
        array.flush()
    else:
        with new_file(file) as written:
            np.lib.format.write_array(written, array, allow_pickle=False)


def _write(file: Path, content: bytes) -> None:
    with new_file(file) as written:
        written.write(content)


def _read_field(folder: Path, name: str) -> Any:
    if (folder / f"{name}.npy").exists():
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    if (folder / f"{name}.json").exists():
        adapter = TypeAdapter(get_type_hints(Scan)[name])
        return adapter.validate_json((folder / f"{name}.json").read_bytes())
    return None


def _digests(file: Path) -> tuple[str, ...]:
    """The SHA-256 of each 64 MiB of a file, in threads: one alone takes a second a gigabyte."""
    starts = range(0, file.stat().st_size, BLOCK_BYTES)
    with ThreadPoolExecutor(processors()) as pool:
        return tuple(pool.map(lambda start: _digest_of_block(file, start), starts))


def _digest_of_block(file: Path, start: int) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        opened.seek(start)
        for _ in range(BLOCK_BYTES // CHUNK_BYTES):
            digest.update(opened.read(CHUNK_BYTES))
    return digest.hexdigest()
