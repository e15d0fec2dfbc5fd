"""`linnaeus data split`: where each picture stands, saved to a file that other verbs use again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.options import (
    Data,
    DomainColumn,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    NearDuplicates,
    Seed,
    SplitColumn,
    Table,
    TestDomain,
    TimeColumn,
    Workers,
)

__all__ = ["split"]


def split(
    data: Data,
    out: Annotated[Path, typer.Option(help="A new CSV file.", metavar="FILE")],
    folds: Annotated[
        int | None, typer.Option(help="So many folds: each picture judges in one of them.")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(help="So many times, each with other folds. (1)")
    ] = None,
    inner: Annotated[
        int | None, typer.Option(help="So many inner folds in each, to choose on.")
    ] = None,
    seed: Seed = 0,
    val: Annotated[
        float | None, typer.Option(help="Share of the pictures to choose on. (0.1)")
    ] = None,
    test: Annotated[
        float | None, typer.Option(help="Share of the pictures that only judge. (0.2)")
    ] = None,
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Part the data anew although they come parted.")
    ] = False,
    allow_tiny: Annotated[
        bool, typer.Option("--allow-tiny", help="Take classes of a single picture.")
    ] = False,
    near_duplicates: NearDuplicates = None,
    time_column: TimeColumn = None,
    domain_column: DomainColumn = None,
    test_domain: TestDomain = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
) -> None:
    """Part a data set and save where each picture stands, for `--split` to use it again."""
    from linnaeus.cli.telling import teller

    saved = linnaeus.split(
        data,
        out=out,
        folds=folds,
        repeats=repeats,
        inner=inner,
        seed=seed,
        val=val,
        test=test,
        resplit=resplit,
        allow_tiny=allow_tiny,
        near_duplicates=near_duplicates or "keep-together",
        time_column=time_column,
        domain_column=domain_column,
        test_domain=test_domain,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        label_separator=label_separator,
        table=table,
        workers=workers,
        progress=teller(),
    )
    for remark in saved.remarks:
        typer.echo(remark)
    for name, counts in saved.counts.items():
        parts = ", ".join(f"{count:,} {side}" for side, count in sorted(counts.items()))
        typer.echo(f"{name.capitalize()}: {parts}.")
    typer.echo(f"Written: {saved.file}")
