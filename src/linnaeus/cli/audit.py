"""`linnaeus audit`: what is wrong with the data, before anything is learnt from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import (
    Data,
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
    from linnaeus.data.findings import Audit

__all__ = ["audit"]

FOUND = 1
NAMED_SETS = 3
NAMED_FILES = 4


def audit(
    data: Data,
    out: Annotated[
        Path | None,
        typer.Option(help="Write audit.html and audit.json to this folder.", metavar="DIR"),
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(
            help="Write a cleaned table, and a log of every choice, to this new folder.",
            metavar="DIR",
        ),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note"] | None,
        typer.Option(help="End with code 1 where something so severe, or more, is found."),
    ] = None,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Look for mirrored copies too.")
    ] = False,
    label_errors: Annotated[
        bool | None,
        typer.Option(
            "--label-errors/--no-label-errors",
            help="Look for likely label errors. (where scikit-image is installed)",
        ),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A folder with pretrained networks; may be repeated.", metavar="DIR"),
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Refuse pictures of more pixels before they are decoded. (40000000)",
            metavar="PIXELS",
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
    """Tell what is wrong with the data: broken, doubled, contradictory, lopsided."""
    from linnaeus.cli.telling import teller
    from linnaeus.data.findings import SEVERITIES

    found = linnaeus.audit(
        data,
        out=out,
        fix=fix,
        mirrored=mirrored,
        label_errors=label_errors,
        weights=weights or (),
        max_pixels=max_pixels,
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
    _print(found)
    if out is not None:
        typer.echo(f"\nPage: {out / 'audit.html'}")
        typer.echo(f"Numbers: {out / 'audit.json'}")
    for sentence in ("", *found.mended) if found.mended else ():
        typer.echo(sentence)
    worst = found.worst()
    if fail_on and worst and SEVERITIES.index(worst) <= SEVERITIES.index(fail_on):
        raise typer.Exit(FOUND)


def _print(found: Audit) -> None:
    typer.echo(found.in_three_lines()[0])
    for note in found.notes:
        typer.echo(note)
    if not found.findings:
        typer.echo("Nothing wrong was found in the files.")
    for finding in found.findings:
        typer.echo(f"\n{finding.severity.upper()} {finding.kind}: {finding.sentence}")
        for files in finding.files[:NAMED_SETS]:
            reason = finding.reasons.get(files[0], "") if files else ""
            typer.echo(f"  - {_set(files)}{': ' + reason if reason else ''}")
        if len(finding.files) > NAMED_SETS:
            typer.echo(f"  … and {len(finding.files) - NAMED_SETS:,} more (--out DIR lists all)")
        typer.echo(f"  {finding.advice}")


def _set(files: Sequence[str]) -> str:
    """The first few of a set of files that belong together."""
    more = f" and {len(files) - NAMED_FILES:,} more" if len(files) > NAMED_FILES else ""
    return ", ".join(files[:NAMED_FILES]) + more
