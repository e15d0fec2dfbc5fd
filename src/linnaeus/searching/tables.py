"""What a search found, for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linnaeus.files import write_json, write_whole
from linnaeus.searching.search import Found

__all__ = ["found_json", "found_rows", "write_found_csv", "write_found_json"]

COLUMNS = ("query", "rank", "similarity", "label", "picture")


def found_rows(found: Found) -> Iterator[tuple[str, int, str, str, str]]:
    """A row a picture that was found: query, rank from 1, similarity, label, picture."""
    for query in found.queries:
        for rank, one in enumerate(query.neighbours, start=1):
            yield query.id, rank, f"{one.similarity:.4f}", one.label, one.id


def write_found_csv(path: Path, found: Found) -> None:
    """Write a row a picture that was found, and one with the reason under `error` for a query that
    could not be read. UTF-8, whole or not at all. Raises WriteError."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, "error"])
    table.writerows([*row, ""] for row in found_rows(found))
    table.writerows([name, "", "", "", "", why] for name, why in found.skipped.items())
    write_whole(path, text.getvalue())


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


def write_found_json(path: Path, found: Found) -> None:
    """Write `found_json`, whole or not at all. Raises WriteError."""
    write_json(path, found_json(found))
