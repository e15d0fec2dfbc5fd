"""`linnaeus stress`: how a bundle stands up to blur, noise, weather, light and small moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.options import (
    Bundle,
    Data,
    DrawingSeed,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    Limit,
    SplitColumn,
    Table,
)

__all__ = ["stress"]


def stress(
    bundle: Bundle,
    data: Data,
    beside: Annotated[
        Path | None,
        typer.Option(help="Another bundle, to be put side by side.", metavar="BUNDLE"),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            help="Only these changes, separated by commas: defocus-blur,rotation. (all)",
            metavar="NAMES",
        ),
    ] = None,
    limit: Limit = 2000,
    data_shift: Annotated[
        str | None,
        typer.Option(
            help="Pictures of the same classes from elsewhere: sketches, another camera.",
            metavar="DATA",
        ),
    ] = None,
    seed: DrawingSeed = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for index.html and stress.json.", metavar="DIR"),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    table: Table = None,
) -> None:
    """Judge a bundle on pictures that are made worse, and say what would help."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    done = linnaeus.stress(
        bundle,
        data,
        beside=beside,
        kinds=None if kinds is None else [kind.strip() for kind in kinds.split(",")],
        limit=limit,
        data_shift=data_shift,
        seed=seed,
        out=out,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        table=table,
        progress=teller(),
    )
    for one in done:
        if len(done) > 1:
            typer.echo(f"{one.name}:")
        for sentence in (*one.remarks, *one.in_plain_words):
            typer.echo(sentence)
    if out is not None:
        typer.echo(f"Page: {out / 'index.html'}")
    tell_unread({name: why for one in done for name, why in one.unread.items()})
