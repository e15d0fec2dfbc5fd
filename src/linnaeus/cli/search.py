"""`linnaeus search`: the pictures of an index that look most like others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.options import AllowUrl, FilesFrom, ImageColumn, Pictures

__all__ = ["search"]


def search(
    index: Annotated[
        Path, typer.Argument(help="The folder that `linnaeus index` made.", metavar="INDEX")
    ],
    pictures: Pictures = None,
    files_from: FilesFrom = None,
    allow_url: AllowUrl = False,
    image_column: ImageColumn = None,
    top: Annotated[int, typer.Option(help="How many pictures to find for each.")] = 10,
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="Where the bundle that the index was made with is now. (where it was then)",
            metavar="BUNDLE",
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write what is found; the ending says as what: .csv, .json, or .html for a page"
            " that shows the pictures. May be repeated.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Find the pictures of an index that look most like others, by a bundle's features."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread
    from linnaeus.searching.written import found_rows

    found = linnaeus.search(
        index,
        pictures or (),
        files_from=files_from,
        image_column=image_column,
        allow_url=allow_url,
        top=top,
        bundle=bundle,
        out=out or (),
        progress=teller(),
    )
    for remark in found.remarks:
        typer.echo(remark, err=True)
    if all(file.suffix.lower() == ".html" for file in out or ()):
        for row in found_rows(found):
            typer.echo("\t".join(map(str, row)))
    for file in out or ():
        typer.echo(f"Written: {file}")
    tell_unread(found.skipped)
