"""The wheel of Linnaeus as it runs here, made of its own files, without a network."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from linnaeus.files import write_whole
from linnaeus.version import __version__

__all__ = ["own_files", "write_own_wheel", "write_wheel", "write_zip"]

Entry = tuple[str, bytes]

EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same files give the same bytes

WHEEL = "Wheel-Version: 1.0\nGenerator: linnaeus\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_own_wheel(folder: Path) -> str:
    """Write linnaeus-VERSION-py3-none-any.whl to `folder`; its name."""
    said = (distribution("linnaeus").read_text("METADATA") or "").encode()
    points = b"[console_scripts]\nlinnaeus = linnaeus.cli.main:main\n"
    return write_wheel(
        folder, "linnaeus", __version__, own_files(), said, [("entry_points.txt", points)]
    )


def own_files() -> Iterator[Entry]:
    """Every file of the package, by its place beside others."""
    home = Path(__file__).parents[1]
    for file in sorted(home.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"linnaeus/{file.relative_to(home).as_posix()}", file.read_bytes()


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Iterable[Entry],
    said: bytes,
    beside: Iterable[Entry] = (),
) -> str:
    """Write a wheel of pure Python to `folder` by PEP 427; its file's name.

    `said`: its METADATA. `beside`: further files of its dist-info.
    """
    info = f"{name}-{version}.dist-info"
    entries = [
        *files,
        (f"{info}/METADATA", said),
        (f"{info}/WHEEL", WHEEL.encode()),
        *((f"{info}/{one}", content) for one, content in beside),
    ]
    record = f"{info}/RECORD"
    lines = [f"{path},{_digest(content)},{len(content)}" for path, content in entries]
    listed = "\n".join([*lines, f"{record},,"]) + "\n"
    file = f"{name}-{version}-py3-none-any.whl"
    write_zip(folder / file, [*entries, (record, listed.encode())])
    return file


def write_zip(path: Path, entries: Iterable[Entry]) -> None:
    """Write `entries` to a zip at `path`, whole or not at all; it is made in memory."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(_entry(name), content)
    write_whole(path, made.getvalue())


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
