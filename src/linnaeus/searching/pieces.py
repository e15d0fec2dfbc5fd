"""Features and names of some pictures as two files: written so that a broken start can go on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from linnaeus.data.in_threads import in_threads
from linnaeus.files import read_json, sha256_of, write_json, write_whole
from linnaeus.searching.record import PieceRecord, damaged, piece_file

__all__ = ["ROWS", "kept_piece", "piece_names", "piece_rows", "read_ahead", "write_piece"]

ROWS = "rows"

READERS = 2
"""Threads that read ahead: hashing lets go of Python's lock. Each has 44 MB of 2,704 features in
memory."""

Features = NDArray[np.float32]


def write_piece(folder: Path, number: int, rows: Features, record: PieceRecord) -> None:
    """Write the `rows` (k, d) of a piece, then the record that vouches for them."""
    content = save({ROWS: np.ascontiguousarray(rows)})
    write_whole(piece_file(folder, number), content)
    told = record.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    write_json(piece_file(folder, number).with_suffix(".json"), told.model_dump(mode="json"))


def kept_piece(folder: Path, number: int) -> PieceRecord | None:
    """The record of a piece that stands there whole; None where there is none."""
    file = piece_file(folder, number)
    try:
        record = PieceRecord.model_validate(read_json(file.with_suffix(".json")))
        return record if sha256_of(file) == record.sha256 else None
    except (OSError, ValueError, ValidationError):
        return None


def piece_names(folder: Path, number: int) -> PieceRecord:
    """The record of a piece. Raises DataError where it is damaged."""
    file = piece_file(folder, number).with_suffix(".json")
    try:
        return PieceRecord.model_validate(read_json(file))
    except (OSError, ValueError, ValidationError) as error:
        raise damaged(file, str(error)) from None


def piece_rows(folder: Path, number: int, record: PieceRecord | None = None) -> Features:
    """The rows (k, d) of a piece; held to the digest in its `record`, where that is given.

    Raises DataError where they are not as they were written.
    """
    file = piece_file(folder, number)
    try:
        if record is not None and sha256_of(file) != record.sha256:
            raise damaged(file, "its digest is another")
        with safe_open(str(file), framework="numpy") as opened:
            rows: Features = opened.get_tensor(ROWS)
    except (OSError, SafetensorError, KeyError) as error:
        raise damaged(file, str(error)) from None
    return rows


def read_ahead(folder: Path, pieces: int) -> Iterator[Features]:
    """The rows of so many pieces in their order, each held to its digest; while one is looked at,
    the next are read in threads. Raises DataError as `piece_rows` does."""

    def read(number: int) -> Features:
        return piece_rows(folder, number, piece_names(folder, number))

    for (rows,) in in_threads(read, pieces, READERS, chunk_size=1, ahead=1):
        yield rows
