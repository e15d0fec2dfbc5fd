"""The pictures that a table names, one a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from linnaeus.data.columns import IMAGE_NAMES, as_path, filled, find_column
from linnaeus.data.embedded import holds_pictures
from linnaeus.data.table import read_table
from linnaeus.errors import DataError
from linnaeus.predicting.named import Naming
from linnaeus.predicting.picture import Picture, Source

__all__ = ["table_source"]


def table_source(path: Path, image_column: str | None, named: Naming) -> Source:
    """The pictures in the column of paths of the table at `path`, called as it calls them.

    The column is guessed from its name where it is not given. Paths start from the table's folder,
    or are absolute. A file that is not there is a picture that cannot be read. Raises DataError
    where the table cannot be read, or a row names none.
    """
    if path.suffix.lower() == ".parquet" and holds_pictures(path):
        raise DataError(
            "pictures stand in this file itself, and only their paths are read from tables here",
            where=str(path),
            mend="Write them to files first: linnaeus data export.",
        )
    table = read_table(path)
    column = find_column(table, image_column, IMAGE_NAMES, "image")
    names = [filled(table, row, column) for row in table.rows]

    def each() -> Iterator[Picture]:
        for name in names:
            yield named(name, path.parent / as_path(name))

    return Source(each, len(names))
