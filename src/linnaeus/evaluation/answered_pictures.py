"""Which pictures of a data set the names in a table of answers are of.

A table is text in UTF-8, and its reader takes no spaces around a cell and any slash for one: names
of pictures do not all come back from it as they are on disk.
"""

from __future__ import annotations

from linnaeus.data.columns import as_path
from linnaeus.data.dataset import Dataset
from linnaeus.data.store import printable
from linnaeus.errors import DataError

__all__ = ["name_in_table", "rows_by_name"]


def name_in_table(path: str) -> str:
    r"""The name that `read_answer_table` gives to the picture at `path`.

    >>> name_in_table(" a\\b.png")
    'a/b.png'
    """
    return as_path(printable(path).strip())


def rows_by_name(dataset: Dataset) -> dict[str, int]:
    """{name in a table of answers: row of `dataset`}. Raises DataError where two have one name."""
    rows: dict[str, int] = {}
    for row, path in enumerate(dataset.paths):
        if (other := rows.setdefault(name_in_table(path), row)) != row:
            raise DataError(
                f"the names '{dataset.paths[other]}' and '{path}' are the same in a table, where"
                " spaces around a name and the kind of its slashes are not kept",
                where=dataset.name,
                mend="Give one of the two pictures another name.",
            )
    return rows
