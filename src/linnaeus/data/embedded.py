"""Parquet files that hold the pictures themselves, as Hugging Face's datasets writes them.

The pictures are copied once, still compressed, into an anonymous temporary file, for Parquet gives
single cells only at the price of hundreds; it is gone when the data set is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from linnaeus.data.columns import IMAGE_NAMES, Columns, Reading, read_columns
from linnaeus.data.dataset import Dataset
from linnaeus.data.members import AtOffset, member_path
from linnaeus.data.parquet import class_names, damaged, opened_parquet, parquet_cell, pyarrow
from linnaeus.data.pieces import Piece, put_together
from linnaeus.data.rows import Row, Table
from linnaeus.data.store import Listing, Store
from linnaeus.data.suffixes import suffix_of
from linnaeus.errors import DataError, WriteError

__all__ = ["holds_pictures", "load_embedded"]

ROWS_AT_ONCE = 64


class _Picture(NamedTuple):
    """Where a picture's bytes begin and how many they are, and what the file calls it."""

    offset: int
    length: int
    called: str
    suffix: str


def holds_pictures(path: Path) -> bool:
    """Whether a Parquet file has a column of pictures. Raises as `opened_parquet` does."""
    with path.open("rb") as file:
        return bool(_picture_columns(opened_parquet(file, str(path)).schema_arrow))


def load_embedded(
    name: str, where: str, pieces: Sequence[Piece], columns: Columns, left_alone: dict[str, str]
) -> Dataset:
    """The data set of Parquet files with pictures in them.

    Pictures keep the paths that the files give, where all have one of their own; otherwise they are
    called after their file and row. Raises DataError when a row has no picture or no label, and as
    `opened_parquet` does.
    """
    aside = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the store keeps it open
    try:
        read = {piece.shown: _read_piece(piece, columns, aside) for piece in pieces}
        aside.flush()
    except BaseException:
        aside.close()
        raise
    named = _paths({shown: pictures for shown, (_, pictures) in read.items()})
    readings: dict[str, Reading] = {}
    places: dict[str, tuple[int, int]] = {}
    for shown, (table, pictures) in read.items():
        paths = named[shown]
        places |= {p: (pic.offset, pic.length) for p, pic in zip(paths, pictures, strict=True)}
        reading = read_columns(table, columns._replace(image=table.header[0]))
        entries = [e._replace(path=p) for e, p in zip(reading.entries, paths, strict=True)]
        readings[shown] = reading._replace(entries=entries)
    return put_together(name, where, readings, _Unpacked(aside, places), left_alone)


def _picture_columns(schema: Any) -> list[str]:
    """The columns of pictures: structs with a field of bytes, and bytes by a usual name."""
    types = pyarrow().types
    found = []
    for column in schema:
        binary = types.is_binary(column.type) or types.is_large_binary(column.type)
        struct = types.is_struct(column.type)
        if (binary and column.name.lower() in IMAGE_NAMES) or (
            struct and column.type.get_field_index("bytes") >= 0
        ):
            found.append(column.name)
    return found


def _picture_column(schema: Any, named: str | None, where: str) -> str:
    found = _picture_columns(schema)
    if named is not None and named in schema.names:
        return named
    if named is None and len(found) == 1:
        return found[0]
    problem = "there are several columns of pictures" if found else "no column holds pictures"
    raise DataError(
        problem if named is None else f"there is no column '{named}'",
        where=where,
        mend=f"The columns are {', '.join(schema.names)}; name the right one with --image-column.",
    )


def _read_piece(piece: Piece, columns: Columns, aside: BinaryIO) -> tuple[Table, list[_Picture]]:
    """One file as a table whose first column only numbers its pictures, and the pictures."""
    where = str(piece.path)
    with piece.path.open("rb") as file:
        opened = opened_parquet(file, where)
        schema = opened.schema_arrow
        image = schema.names.index(_picture_column(schema, columns.image, where))
        described = class_names(schema)
        others = [(p, c, described.get(c)) for p, c in enumerate(schema.names) if p != image]
        pictures: list[_Picture] = []
        rows: list[Row] = []
        for number, values in enumerate(_rows(opened, where), start=1):
            at = f"{where}, row {number:,}"
            pictures.append(_kept(values[image], aside, at, schema.names[image]))
            cells = [parquet_cell(values[place], at, column, ns) for place, column, ns in others]
            rows.append(Row(number, [str(number), *cells]))
    header = [schema.names[image], *(column for _, column, _ in others)]
    return Table(where, header, rows, typed=True, unit="row"), pictures


def _rows(opened: Any, where: str) -> Iterator[Sequence[Any]]:
    """The rows, a few at a time in memory."""
    try:
        for batch in opened.iter_batches(batch_size=ROWS_AT_ONCE):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except (pyarrow().ArrowException, OSError, ValueError) as error:
        raise damaged(where, error) from None


def _kept(value: Any, aside: BinaryIO, where: str, column: str) -> _Picture:
    """Write a picture's bytes to the file aside."""
    content = value.get("bytes") if isinstance(value, dict) else value
    called = (value.get("path") or "") if isinstance(value, dict) else ""
    if not isinstance(content, bytes):
        raise DataError(
            f"the column '{column}' holds no picture",
            where=where,
            mend="Fill it in, or take the row out; pictures that are only named are not read.",
        )
    offset = aside.tell()
    try:
        aside.write(content)
    except OSError as error:
        raise WriteError(
            f"there is no room to unpack its pictures ({error.strerror or error})",
            where=where,
            mend=f"Free some space in {tempfile.gettempdir()}.",
        ) from None
    return _Picture(offset, len(content), called, suffix_of(content))


def _paths(pictures: dict[str, list[_Picture]]) -> dict[str, list[str]]:
    """The paths of the pictures of each file: their own where all differ, or by file and row."""
    own = {shown: [_own_path(picture) for picture in ones] for shown, ones in pictures.items()}
    every = [path for paths in own.values() for path in paths]
    if all(every) and len(set(every)) == len(every):
        return own
    return {
        shown: [f"{shown}/{row:07}{picture.suffix}" for row, picture in enumerate(ones, start=1)]
        for shown, ones in pictures.items()
    }


def _own_path(picture: _Picture) -> str:
    path, refused = member_path(picture.called)
    return "" if refused else path


class _Unpacked(Store):
    """Pictures in one file, by offset."""

    listing = Listing((), frozenset(), {})

    def __init__(self, file: BinaryIO, places: dict[str, tuple[int, int]]) -> None:
        self._bytes = AtOffset(file)
        self._places = places

    def size_bytes(self, path: str) -> int:
        return self._places[path][1]

    def read_whole(self, path: str) -> bytes:
        return self._bytes.read(*self._places[path])
