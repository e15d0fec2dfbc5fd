"""`linnaeus lr-find`: which learning rate to take, seen from a short training at rising ones."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

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

__all__ = ["lr_find"]


def lr_find(
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for the picture and the numbers.", metavar="DIR"),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A network that learns from scratch. (that of `train`)")
    ] = None,
    image_size: ImageSize = None,
    seed: RecipeSeed = None,
    device: Annotated[
        str | None, typer.Option(help="What to learn on: auto, cpu, cuda, cuda:1, mps. (auto)")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="A recipe's file or name, whose rates are tried.", metavar="RECIPE"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Set a field of the recipe; may be repeated.", metavar="KEY=VALUE"
        ),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
    no_cache: NoCache = False,
) -> None:
    """Try rising learning rates for a network from scratch, draw the losses and suggest one."""
    from linnaeus.cli.telling import teller

    measured = linnaeus.lr_find(
        data,
        out=out,
        recipe=recipe,
        settings=setting or (),
        model=model,
        image_size=image_size,
        seed=seed,
        device=device,
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
    now = f"the recipe has {measured.planned:g}"
    typer.echo(f"Suggested learning rate: {measured.suggested:.2g} ({now}).")
    asked = {
        "--recipe": recipe,
        "--image-size": image_size,
        "--seed": seed,
        "--device": device,
        "--image-column": image_column,
        "--group-column": group_column,
        "--split-column": split_column,
        "--label-separator": label_separator,
        "--table": table,
    }
    labels = [label_column] if isinstance(label_column, str) else label_column or ()
    given = [
        *asked.items(),
        *(("--label-column", name) for name in labels),
        *(("--set", text) for text in setting or () if not _is_told(text)),
    ]
    options = [part for name, value in given if value is not None for part in (name, str(value))]
    command = shlex.join([data, "--model", measured.network, *options])
    typer.echo(f"Take it with: linnaeus train {command} {' '.join(measured.settings)}")
    if out is not None:
        typer.echo(f"Picture: {out / 'lr-find.svg'}")


def _is_told(setting: str) -> bool:
    """Whether a `--set` is of the model or of a rate, which are told anyway."""
    key = setting.partition("=")[0].strip()
    return key == "model" or key.endswith("learning_rate")
