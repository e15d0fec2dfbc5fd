"""What an unfinished index knows of its pictures, so that none is taken for what it was before.

Beside each piece stand the digests of the files that it was embedded from. Who goes on reads the
files again, which takes little beside embedding them, and compares: sizes and times of change
would not tell everything, and there are none of what lies in an archive or a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from linnaeus.bundle.strict import Strict
from linnaeus.data.dataset import Dataset
from linnaeus.data.in_threads import in_threads
from linnaeus.errors import UnreadableImage
from linnaeus.files import read_json, write_json
from linnaeus.searching.record import piece_file

__all__ = ["Digests", "changed_pictures"]

NO_BYTES = ""
"""Stands for a file whose bytes could not be had."""


class _Kept(Strict):
    """{path: SHA-256 of the file's bytes} of a piece."""

    files: dict[str, str]


class Digests:
    """Reads the files of `dataset` for a piece, and remembers what their bytes were."""

    def __init__(self, dataset: Dataset) -> None:
        self._source = dataset.source
        self._files: dict[str, str] = {}

    def read(self, path: str) -> bytes:
        """The bytes of a file, as `dataset.source` gives them; safe to call from threads."""
        self._files[path] = NO_BYTES
        content = self._source.read(path)
        self._files[path] = hashlib.sha256(content).hexdigest()
        return content

    def write(self, folder: Path, number: int) -> None:
        """Keep them beside the piece; before it, for it is what says that all is there."""
        write_json(_file(folder, number), _Kept(files=self._files).model_dump(mode="json"))


def changed_pictures(folder: Path, number: int, dataset: Dataset, rows: Sequence[int]) -> list[str]:
    """The pictures at `rows`, those of a piece, whose files are not what they were embedded from.

    All of them, where nothing tells what they were.
    """
    paths = [dataset.paths[row] for row in rows]
    try:
        before = _Kept.model_validate(read_json(_file(folder, number))).files
    except (OSError, ValueError, ValidationError):
        return paths

    def now(place: int) -> str:
        try:
            return hashlib.sha256(dataset.source.read(paths[place])).hexdigest()
        except UnreadableImage:
            return NO_BYTES

    digests = [one for chunk in in_threads(now, len(paths), None) for one in chunk]
    return [path for path, one in zip(paths, digests, strict=True) if before.get(path) != one]


def _file(folder: Path, number: int) -> Path:
    return piece_file(folder, number).with_suffix(".digests.json")
