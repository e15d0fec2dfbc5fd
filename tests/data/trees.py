"""Folders and archives built from a few files, for the tests of reading them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def write_tree(folder: Path, files: dict[str, bytes]) -> Path:
    """Write {relative path: bytes} under `folder`; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zip_of(folder: Path, archive: Path, *, beneath: str = "") -> Path:
    """Zip what is under `folder`, its names beginning with `beneath`; return the archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for file in sorted(folder.rglob("*")):
            written.write(file, beneath + file.relative_to(folder).as_posix())
    return archive


def tar_of(folder: Path, archive: Path, *, beneath: str = ".") -> Path:
    """Tar what is under `folder`, compressed as the archive's ending says; return the archive."""
    compression = archive.suffix.removeprefix(".") if archive.suffix != ".tar" else ""
    with tarfile.open(archive, f"w:{compression}") as written:  # type: ignore[call-overload]
        written.add(folder, beneath)
    return archive


def png(seed: int, size_px: tuple[int, int] = (20, 20), mode: str = "RGB") -> bytes:
    """A PNG of noise; the same seed gives the same pixels."""
    width, height = size_px
    channels = (3,) if mode == "RGB" else ()
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, *channels), np.uint8)
    return saved(Image.fromarray(noise), "PNG")


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    """An image as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()
