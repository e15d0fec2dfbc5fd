"""`linnaeus compare`: which of several models is better on one or more data sets, and by luck or
not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import NoCache, Seed, Workers

__all__ = ["compare"]

OF_ONE = "A column of every table, or NAME=COLUMN of one data set's"


def compare(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Folders of class folders, zips or tars of them, tables, shards, or names.",
            metavar="DATA…",
        ),
    ],
    models: Annotated[
        str,
        typer.Option(
            help="Names that `linnaeus models` lists, parted by commas: mlp,mobilenetv2_100."
        ),
    ],
    folds: Annotated[
        int, typer.Option(min=2, help="So many folds: each is the test in turn, for every model.")
    ] = 5,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The study's folder; the same command goes on with what is there. One of its own"
            " under runs/ if not given.",
            metavar="DIR",
        ),
    ] = None,
    preset: Annotated[
        Literal["quick", "balanced", "best"],
        typer.Option(help="How much trouble each training takes."),
    ] = "balanced",
    budget: Annotated[
        str | None,
        typer.Option(
            help="Time for all of it, such as 60m: networks from scratch make fewer passes."
        ),
    ] = None,
    curves: Annotated[
        bool,
        typer.Option(
            "--curves/--no-curves",
            help="Also learn from parts of the first fold, to see what more pictures would bring.",
        ),
    ] = True,
    seed: Seed = 0,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A folder with pretrained networks; may be repeated.", metavar="DIR"),
    ] = None,
    image_column: Annotated[
        list[str] | None, typer.Option(help=f"{OF_ONE}, of picture files.")
    ] = None,
    label_column: Annotated[list[str] | None, typer.Option(help=f"{OF_ONE}, of labels.")] = None,
    group_column: Annotated[
        list[str] | None, typer.Option(help=f"{OF_ONE}, of groups that stay in one fold.")
    ] = None,
    split_column: Annotated[
        list[str] | None, typer.Option(help=f"{OF_ONE}, of train/validation/test.")
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FILE: a table that tells of one data set's pictures."),
    ] = None,
    workers: Workers = None,
    no_cache: NoCache = False,
) -> None:
    """Train models on the same folds, and say which are better and which differences are luck."""
    from linnaeus.cli.telling import teller

    compared = linnaeus.compare(
        data,
        models=models,
        folds=folds,
        out=out,
        preset=preset,
        budget=budget,
        curves=curves,
        seed=seed,
        weights=weights or (),
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        table=table,
        workers=workers,
        cache=not no_cache,
        progress=teller(),
    )
    for sentence in compared.in_plain_words:
        typer.echo(sentence)
    typer.echo(f"Report: {compared.report}")
