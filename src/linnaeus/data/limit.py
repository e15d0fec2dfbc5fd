"""`--limit`: at most so many pictures, drawn by the seed."""

from __future__ import annotations

from linnaeus.errors import UsageError

__all__ = ["check_limit"]


def check_limit(limit: int | None) -> None:
    """Raise UsageError where a `limit` would leave no picture; None is none."""
    if limit is not None and limit < 1:
        raise UsageError("no picture is left", where="--limit", mend="Give 1 or more.")
