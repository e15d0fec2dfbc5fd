"""`linnaeus index`: pictures by what a classifier sees in them, so that alike ones can be found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.options import Bundle, ImageColumn, LabelColumn, LabelSeparator, Table
from linnaeus.counted import pictures

__all__ = ["index"]


def index(
    bundle: Bundle,
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of pictures, with class folders or without, a zip or tar of class"
            " folders, a table, shards, or a name.",
            metavar="DATA",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="A new folder for the index. Where making it was broken off, the same command goes"
            " on.",
            metavar="INDEX",
        ),
    ],
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
) -> None:
    """Index pictures by a bundle's features, to find those that look like another by `search`."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    indexed = linnaeus.index(
        bundle,
        data,
        out,
        image_column=image_column,
        label_column=label_column,
        label_separator=label_separator,
        table=table,
        progress=teller(),
    )
    record = indexed.record
    for path, why in record.left_alone.items():
        typer.echo(f"Left alone: {path}: {why}", err=True)
    typer.echo(f"{pictures(record.pictures)} of {record.dimensions:,} features each.")
    typer.echo(f"Index: {indexed.folder}")
    tell_unread(record.skipped)
