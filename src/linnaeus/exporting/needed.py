"""Packages that a form of export needs, and one sentence where they are not installed."""

from __future__ import annotations

from importlib.util import find_spec

from linnaeus.errors import MissingError

__all__ = ["need"]


def need(*packages: str, target: str, install: str) -> None:
    """Raise MissingError, naming what to install, where one of `packages` is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingError(
            f"it needs {' and '.join(missing)}, which {verb} not installed",
            where=f"--to {target}",
            mend=f"Install it with: {install}",
        )
