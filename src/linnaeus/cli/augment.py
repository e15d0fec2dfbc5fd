"""`linnaeus augment`: a sheet of what training will see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import (
    Data,
    GroupColumn,
    ImageColumn,
    ImageSize,
    LabelColumn,
    LabelSeparator,
    NoCache,
    RecipeSeed,
    SplitColumn,
    Table,
    Workers,
)

__all__ = ["augment"]


def augment(
    data: Data,
    augment: Annotated[
        Literal["none", "light", "medium", "heavy", "auto"] | None,
        typer.Option(help="How views differ from pictures. (light)"),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            help="The sheet; one that is there is replaced. (augmentation.png)", metavar="FILE"
        ),
    ] = Path("augmentation.png"),
    recipe: Annotated[
        str | None,
        typer.Option(help="Views of this recipe: a file, or a name of `linnaeus recipes`."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Set a field of the recipe, such as network.augment.zoom=0.2; may be repeated.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    image_size: ImageSize = None,
    budget: Annotated[
        str | None, typer.Option(help="Time that learning would take, which auto thinks of: 2m.")
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(help="Passes over the pictures, which auto thinks of.")
    ] = None,
    seed: RecipeSeed = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
    no_cache: NoCache = False,
) -> None:
    """Show what a network from scratch would see of each class, and say what was chosen."""
    from linnaeus.cli.telling import teller

    shown = linnaeus.augment(
        data,
        augment=augment,
        out=out,
        recipe=recipe,
        settings=setting or (),
        image_size=image_size,
        budget=budget,
        epochs=epochs,
        seed=seed,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        label_separator=label_separator,
        table=table,
        workers=workers,
        cache=not no_cache,
        progress=teller(),
    )
    typer.echo(shown.said)
    if shown.left_out:
        typer.echo(f"{shown.left_out:,} more classes found no room on the sheet.")
    typer.echo(f"Sheet: {out}")
