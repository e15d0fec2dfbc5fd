"""The pictures of a list: a path a line, from a file or from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from linnaeus.errors import DataError
from linnaeus.predicting.named import Naming
from linnaeus.predicting.picture import Picture, Source

__all__ = ["list_source"]


def list_source(list_file: str, named: Naming) -> Source:
    """The pictures that `list_file` names, a path or address a line; "-" is standard input.

    Lines are read as their turn comes; empty ones are passed over. A file that is not there is a
    picture that cannot be read. Raises DataError where there is no such list.
    """
    if list_file != "-" and not Path(list_file).is_file():
        raise DataError("there is no such list of files", where=list_file, mend="Check the path.")
    return Source(lambda: _pictures(list_file, named))


def _pictures(list_file: str, named: Naming) -> Iterator[Picture]:
    for line in _lines(list_file):
        if name := line.decode("utf-8", "surrogateescape").rstrip("\r\n"):
            yield named(name, Path(name))


def _lines(list_file: str) -> Iterator[bytes]:
    if list_file == "-":
        yield from sys.stdin.buffer
        return
    with Path(list_file).open("rb") as file:
        yield from file
