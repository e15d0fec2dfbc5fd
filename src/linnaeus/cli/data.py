"""`linnaeus data`: what can be done with data sets as such."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from linnaeus.cli.options import (
    Data,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    SplitColumn,
    Table,
)

__all__ = ["app"]

app = typer.Typer(help="Write data sets anew.", no_args_is_help=True)


@app.command("export")
def export(
    data: Data,
    to: Annotated[
        Literal["folder", "csv", "webdataset", "parquet"],
        typer.Option(help="Class folders, a CSV beside pictures, tar shards or Parquet files."),
    ],
    out: Annotated[Path, typer.Option(help="A new folder.", metavar="DIR")],
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
) -> None:
    """Write a data set anew in another form, its pictures byte for byte."""
    from linnaeus import api
    from linnaeus.cli.telling import teller

    exported = api.export_dataset(
        data,
        to=to,
        out=out,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        label_separator=label_separator,
        table=table,
        progress=teller(),
    )
    for remark in exported.remarks:
        typer.echo(remark)
    typer.echo(f"Written: {exported.data} ({exported.pictures:,} pictures)")
