"""What a search found as files: a table, JSON, or a page; and as rows of text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from linnaeus.errors import UsageError
from linnaeus.files import write_whole
from linnaeus.searching.page import found_page
from linnaeus.searching.search import Found

__all__ = ["PAGE", "check_ending", "found_json", "found_rows", "write_found"]

PAGE = ".html"
"""The ending of what shows pictures."""

COLUMNS = ("query", "rank", "similarity", "label", "picture")


def write_found(path: Path, found: Found) -> None:
    """Write what was found to `path`, whole or not at all: its ending says as what.

    .csv has a row a picture that was found, and one with the reason under `error` for a query that
    could not be read; .json is `found_json`; .html is `page.found_page`, which shows those pictures
    that were looked for whose pixels the search was to keep.

    Raises WriteError, and UsageError as `check_ending` does.
    """
    check_ending(path)
    write_whole(path, KINDS[path.suffix.lower()](found))


def check_ending(path: Path) -> None:
    """Raise UsageError where the ending of `path` says nothing, before any work."""
    if path.suffix.lower() not in KINDS:
        raise UsageError(
            f'its ending "{path.suffix}" does not say what to write',
            where=str(path),
            mend=f"Let it end in {', '.join(KINDS)}.",
        )


def found_rows(found: Found) -> Iterator[tuple[str, int, str, str, str]]:
    """A row a picture that was found: query, rank from 1, similarity, label, picture."""
    for query in found.queries:
        for rank, one in enumerate(query.neighbours, start=1):
            yield query.id, rank, f"{one.similarity:.4f}", one.label, one.id


def found_json(found: Found) -> dict[str, Any]:
    """All that was found, as plain values."""
    return {
        "index": str(found.index),
        "pictures": found.record.pictures,
        "remarks": list(found.remarks),
        "queries": [
            {"query": query.id, "found": [one._asdict() for one in query.neighbours]}
            for query in found.queries
        ],
        "skipped": found.skipped,
    }


def _csv(found: Found) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, "error"])
    table.writerows([*row, ""] for row in found_rows(found))
    table.writerows([name, "", "", "", "", why] for name, why in found.skipped.items())
    return text.getvalue()


def _json(found: Found) -> str:
    return json.dumps(found_json(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


KINDS: dict[str, Callable[[Found], str]] = {".csv": _csv, ".json": _json, PAGE: found_page}
"""What can be written, by the ending of the file."""
