"""`linnaeus data`: the data sets that have names, fetching them, and writing data sets anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.data_split import split
from linnaeus.cli.options import (
    Data,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    SplitColumn,
    Table,
)
from linnaeus.cli.verbs import Verbs
from linnaeus.counted import pictures

__all__ = ["app"]

app = Verbs(help="List data sets with names, fetch them, write data sets anew.")

HOSTS = (
    "Also kaggle:OWNER/NAME and hf:OWNER/NAME, with a version if you like: kaggle:OWNER/NAME@3,"
    " hf:OWNER/NAME@COMMIT."
)


@app.callback(invoke_without_command=True)
def names(context: typer.Context) -> None:
    """List the data sets that have names, fetch them, or write data sets anew."""
    if context.invoked_subcommand is not None:
        return
    from linnaeus.data.named import NAMED, download_size, is_here

    for name, known in NAMED.items():
        here = "here" if is_here(name) else f"to fetch, {download_size(name)}"
        figures = f"{known.pictures:,} pictures, {known.classes} classes; licence: {known.licence}"
        typer.echo(f"{name}: {known.what}\n    {here}; {figures}")
    typer.echo(f"\n{HOSTS}\nFetch one: linnaeus data fetch NAME")


@app.command("fetch")
def fetch(
    name: Annotated[
        str,
        typer.Argument(
            help="A name that `linnaeus data` lists, kaggle:OWNER/NAME or hf:OWNER/NAME.",
            metavar="NAME",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="A new folder; where its name finds it if not given.", metavar="DIR"),
    ] = None,
) -> None:
    """Download a data set; what was broken off goes on, what is here already is checked."""
    from linnaeus.cli.telling import teller
    from linnaeus.data.fetching.record import read_record
    from linnaeus.data.named import NAMED

    folder = linnaeus.fetch_dataset(name, to=to, progress=teller())
    recorded = read_record(folder, check=False).name
    use = name if name in NAMED else recorded
    if to is not None:
        use = f"{name}:{folder}" if name in NAMED and name != recorded else str(folder)
    typer.echo(f"Fetched: {folder}")
    typer.echo(f"Use it: linnaeus train {use}")


app.command("split")(split)


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
    from linnaeus.cli.telling import teller

    exported = linnaeus.export_dataset(
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
    typer.echo(f"Written: {exported.data} ({pictures(exported.pictures)})")
