"""What an index is as files: a folder of plain ones (no pickle: files from elsewhere are data).

index.json           the record, `IndexRecord`
frame.safetensors    `middle` and `scale` (d,) float32: what features are seen from
pieces/000000.safetensors   `units` (k, d) float32, rows of length 1, of some pictures
pieces/000000.json   their names and labels, in the same order
approximate.faiss    beside more pictures than are looked through one by one
manifest.json        the SHA-256 of each of the above
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from linnaeus.bundle.strict import NewerSchema, Strict, read_strict
from linnaeus.errors import DataError

__all__ = [
    "APPROXIMATE_FILE",
    "FRAME_FILE",
    "PIECES",
    "RECORD_FILE",
    "Approximate",
    "Drawn",
    "IndexRecord",
    "PieceRecord",
    "damaged",
    "piece_file",
    "read_index_record",
]

SCHEMA_VERSION: Literal[1] = 1
RECORD_FILE = "index.json"
FRAME_FILE = "frame.safetensors"
APPROXIMATE_FILE = "approximate.faiss"
PIECES = "pieces"


class Drawn(Strict):
    """Where the pictures were: the arguments of `load_dataset`, or with `labelled` False a folder
    of pictures of which nothing more is known."""

    data: str
    labelled: bool = True
    image_column: str | None = None
    label_column: tuple[str, ...] | None = None
    label_separator: str | None = None
    table: str | None = None


class Approximate(Strict):
    """How many of the `lists` that all pictures are parted into are looked through, and the share
    of the ten most similar that is found so, as measured on `measured_on` of the pictures."""

    lists: int
    looked_through: int
    recall: float
    measured_on: int


class IndexRecord(Strict):
    """What index.json says.

    `bundle` is where the bundle lay, `bundle_digest` the SHA-256 of its manifest. `pieces`: how
    many pictures each has. `skipped`: {picture: why it could not be read}; `left_alone`: what else
    lies beside the pictures, and why it is not one of them. `drawn`: where the pictures are, None
    where that was a data set in memory. `created` is UTC in ISO 8601.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    linnaeus_version: str
    created: str
    name: str
    bundle: str
    bundle_digest: str
    drawn: Drawn | None
    dimensions: int = Field(ge=1)
    pieces: tuple[int, ...]
    skipped: dict[str, str]
    left_alone: dict[str, str]
    approximate: Approximate | None = None

    @property
    def pictures(self) -> int:
        """How many pictures can be found."""
        return sum(self.pieces)


class PieceRecord(Strict):
    """The pictures of a piece, in the order of its rows, those that could not be read, and the
    SHA-256 of the file with their features."""

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    skipped: dict[str, str] = Field(default_factory=dict)
    sha256: str = ""


def piece_file(folder: Path, number: int) -> Path:
    """The file of a piece's features; its pictures stand in the .json beside it."""
    return folder / f"{number:06}.safetensors"


def read_index_record(folder: Path) -> IndexRecord:
    """Read `folder`/index.json. Raises DataError where it is absent, damaged or too new."""
    file = folder / RECORD_FILE
    try:
        return read_strict(IndexRecord, file, SCHEMA_VERSION)
    except (FileNotFoundError, NotADirectoryError):
        mend = "Make one with `linnaeus index BUNDLE DATA --out INDEX`."
        raise DataError("there is no index here", where=str(folder), mend=mend) from None
    except NewerSchema as newer:
        raise DataError(
            f"the index has schema version {newer.version}, and this Linnaeus reads"
            f" {SCHEMA_VERSION}",
            where=str(file),
            mend="Update Linnaeus, or make the index anew with this version.",
        ) from None
    except (OSError, ValueError) as error:
        raise damaged(file, str(error)) from None


def damaged(file: Path, reason: str) -> DataError:
    """The error of a `file` of an index that is not what it was."""
    what = f"this file of an index is not as it was made ({reason.removesuffix('.')})"
    mend = "Copy the index again from where it was made, or make it anew."
    return DataError(what, where=str(file), mend=mend)
