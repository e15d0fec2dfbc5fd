"""What to say where pictures may have several labels and none of them has any."""

from __future__ import annotations

from linnaeus.errors import DataError

__all__ = ["no_labels"]


def no_labels(where: str) -> DataError:
    """The error for a data set, or a table of answers, `where` no picture has any label."""
    return DataError(
        "no picture has any label, and what labels are worth shows where there are some",
        where=where,
        mend="Add pictures that have labels; those without count beside them.",
    )
