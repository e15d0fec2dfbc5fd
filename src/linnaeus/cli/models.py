"""`linnaeus models`: the networks that can be trained, and whose weights are on this machine."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["models"]


def models(
    pattern: Annotated[
        str, typer.Argument(help="Only names that match, with * and ?.", metavar="PATTERN")
    ] = "*",
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A folder with pretrained networks; may be repeated.", metavar="DIR"),
    ] = None,
) -> None:
    """List the networks at hand."""
    from linnaeus.models.weights import DEFAULT_BACKBONE, find_weights

    found = find_weights(weights or ())
    rows = [("small_cnn", "learns from scratch", "any size to 96 px", "")]
    rows += [(b.name, "pretrained", f"{b.side_px} px", b.licence) for b in found.values()]
    shown = [row for row in rows if fnmatch(row[0], pattern) or pattern in row[0]]
    for name, kind, size, licence in shown:
        typer.echo(f"{name:<34} {kind:<20} {size:<18} {licence}".rstrip())
    if not shown:
        typer.echo(f'No network at hand is called "{pattern}".')
    if not found:
        typer.echo(
            "No pretrained weights are at hand: name folders with --weights or LINNAEUS_WEIGHTS,"
            f" or let `linnaeus train --download` fetch {DEFAULT_BACKBONE}."
        )
