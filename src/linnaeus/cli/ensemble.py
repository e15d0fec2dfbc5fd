"""`linnaeus ensemble`: several bundles as one, and whether that is worth its price."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import (
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    NoCache,
    SplitColumn,
    Table,
    Workers,
)

if TYPE_CHECKING:
    from linnaeus.evaluation.ensemble_facts import EnsembleFacts

__all__ = ["ensemble"]


def ensemble(
    bundles: Annotated[
        list[Path],
        typer.Argument(help="The bundles, or the runs that hold them.", metavar="BUNDLE BUNDLE…"),
    ],
    data: Annotated[
        str,
        typer.Option(
            help="The data that all of them were trained on, in one split.", metavar="DATA"
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to make; a new one under runs/ if not given.", metavar="DIR"),
    ] = None,
    method: Annotated[
        Literal["average", "stack"],
        typer.Option(
            help="average: a weighted mean of their answers; stack: a small model on them."
        ),
    ] = "average",
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
    no_cache: NoCache = False,
) -> None:
    """Make one bundle of several, and say whether it is better than the best of them alone."""
    from linnaeus.cli.telling import teller

    made = linnaeus.ensemble(
        bundles,
        data,
        out=out,
        method=method,
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
    for sentence in made.in_plain_words:
        typer.echo(sentence)
    _print_members(made.gain)
    typer.echo(f"Report: {made.report}")
    typer.echo(f"Bundle: {made.bundle}")


def _print_members(gain: EnsembleFacts) -> None:
    width = max(len(member.name) for member in gain.members)
    typer.echo(f"\n{'member':<{width}}  weight  accuracy  log loss  ms an answer")
    for member in gain.members:
        typer.echo(
            f"{member.name:<{width}}  {member.weight:6.3f}  {member.accuracy.value:8.4f}"
            f"  {member.log_loss.value:8.4f}  {1000 * member.seconds:12.1f}"
        )
