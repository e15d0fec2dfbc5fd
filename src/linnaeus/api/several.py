"""Arguments that may be given once or in a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["each_once", "several"]


def several(given: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """What is given once, or in a list, as a list."""
    return [given] if isinstance(given, str | Path) else list(given)


def each_once(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several, each once; none for None."""
    return tuple(dict.fromkeys([names] if isinstance(names, str) else names or ()))
