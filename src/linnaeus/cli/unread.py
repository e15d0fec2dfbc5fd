"""What a verb says in the end of pictures that could not be read."""

from __future__ import annotations

from collections.abc import Mapping

import typer

__all__ = ["SOME_UNREAD", "tell_unread"]

SOME_UNREAD = 7


def tell_unread(reasons: Mapping[str, str]) -> None:
    """Name each picture with its reason, and end the command with 7 where there is one."""
    for name, reason in reasons.items():
        typer.echo(f"Could not be read: {name}: {reason}", err=True)
    if reasons:
        raise typer.Exit(SOME_UNREAD)
