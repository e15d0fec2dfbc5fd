"""The same pixels more than once: in one class, under two labels, on two sides of the split."""

from __future__ import annotations

from collections.abc import Iterable

from linnaeus.data.checks.seen import Seen
from linnaeus.data.findings import Finding
from linnaeus.data.layout import listed

__all__ = ["contradicting_labels", "exact_duplicates", "leak_across_splits"]


def contradicting_labels(seen: Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if seen.labels_said(rows) > 1]
    if groups:
        yield Finding(
            "contradicting-labels",
            "error",
            len(groups),
            f"{_copies(len(groups))} under different labels"
            f" (first: {listed(seen.paths(groups[0]), ' = ')}).",
            "Decide on one label for each and take the other copies out.",
            [seen.paths(rows) for rows in groups],
        )


def leak_across_splits(seen: Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if seen.sides_of(rows) > 1]
    if groups:
        yield Finding(
            "leak-across-splits",
            "error",
            len(groups),
            f"{_copies(len(groups))} in more than one split"
            f" (first: {listed(seen.paths(groups[0]), ' = ')}).",
            "Training leaves the copies of judged pictures out; better take them out of the data.",
            [seen.paths(rows) for rows in groups],
        )


def exact_duplicates(seen: Seen) -> Iterable[Finding]:
    groups = [rows for rows in seen.copies if seen.labels_said(rows) == 1]
    if groups:
        yield Finding(
            "exact-duplicates",
            "warning",
            len(groups),
            f"{_copies(len(groups))} in one class each"
            f" (first: {listed(seen.paths(groups[0]), ' = ')}).",
            "Keep one of each: copies count double and make a model look surer than it is.",
            [seen.paths(rows) for rows in groups],
        )


def _copies(count: int) -> str:
    what = "of pictures with the same pixels"
    return f"1 set {what} stands" if count == 1 else f"{count:,} sets {what} stand"
