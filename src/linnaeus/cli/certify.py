"""`linnaeus certify`: how far pictures may be changed, proven, without changing the answer."""

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

__all__ = ["certify"]


def certify(
    bundle: Bundle,
    data: Data,
    noise: Annotated[
        float,
        typer.Option(
            help="Standard deviation of the noise, as a share of the range of levels: more proves"
            " farther, and is right less often.",
            metavar="SHARE",
        ),
    ] = 0.25,
    draws: Annotated[
        int,
        typer.Option(
            help="Noisy copies of each picture: more prove farther, and take longer.",
            metavar="COPIES",
        ),
    ] = 1000,
    limit: Limit = 100,
    check: Annotated[
        bool,
        typer.Option("--check", help="Attack every picture inside what is proven for it, too."),
    ] = False,
    seed: DrawingSeed = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for index.html and certify.json.", metavar="DIR"),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    table: Table = None,
) -> None:
    """Prove how far pictures may be changed without changing what their noisy copies are called."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    done = linnaeus.certify(
        bundle,
        data,
        noise=noise,
        draws=draws,
        limit=limit,
        check=check,
        seed=seed,
        out=out,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        table=table,
        progress=teller(),
    )
    for sentence in (*done.remarks, *done.in_plain_words):
        typer.echo(sentence)
    rows = {"without noise": done.clean, "abstained": done.abstained} | {
        f"within {radius:.3g}": figure for radius, figure in done.by_radius
    }
    for name, figure in rows.items():
        typer.echo(f"  {name:<14} {figure.value:.4f}  ({figure.low:.4f} to {figure.high:.4f})")
    if out is not None:
        typer.echo(f"Page: {out / 'index.html'}")
    tell_unread(done.unread)
