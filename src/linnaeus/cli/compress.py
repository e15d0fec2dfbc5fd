"""`linnaeus compress`: a smaller or faster bundle, and what that costs in accuracy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import linnaeus
from linnaeus.cli.options import (
    Bundle,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    LabelSeparator,
    NoCache,
    Seed,
    SplitColumn,
    Table,
    Workers,
)

if TYPE_CHECKING:
    from linnaeus.compression.compressed import Compressed
    from linnaeus.compression.timing import Speed
    from linnaeus.evaluation.figure import Figure

__all__ = ["compress"]


def compress(
    bundle: Bundle,
    data: Annotated[
        str,
        typer.Option(
            help="The data that it was trained on, with its test pictures.", metavar="DATA"
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to make; a new one under runs/ if not given.", metavar="DIR"),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="int8, float16, bfloat16, prune, sparse, distill, or steps joined by +; may be"
            " repeated, and the best is kept. (int8, or with --target every one that is smaller or"
            " faster)",
            metavar="STEPS",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="Take the most accurate that fits into this size or this time of an answer: 5MB,"
            " 10ms.",
            metavar="SIZE|TIME",
        ),
    ] = None,
    max_drop: Annotated[
        float,
        typer.Option(help="Points of accuracy that may be lost.", metavar="POINTS"),
    ] = 1.0,
    student: Annotated[
        str | None,
        typer.Option(help="distill: a name that `linnaeus models` lists. (by the pictures' size)"),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(help="prune, sparse, distill: passes over the training pictures. (its own)"),
    ] = None,
    prune_share: Annotated[
        float,
        typer.Option(
            help="Of the channels inside blocks (prune), or of the weights of each layer (sparse),"
            " to take away.",
            metavar="SHARE",
        ),
    ] = 0.5,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    label_separator: LabelSeparator = None,
    table: Table = None,
    workers: Workers = None,
    no_cache: NoCache = False,
) -> None:
    """Make a smaller or faster bundle, and judge both on pictures that neither has seen."""
    from linnaeus.cli.telling import teller

    compressed = linnaeus.compress(
        bundle,
        data,
        out=out,
        method=method or (),
        target=target,
        max_drop=max_drop,
        student=student,
        epochs=epochs,
        prune_share=prune_share,
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
    if as_json:
        typer.echo(json.dumps(compressed.to_json(), indent=2, ensure_ascii=False))
        return
    for sentence in compressed.in_plain_words:
        typer.echo(sentence)
    _print_table(compressed)
    typer.echo(f"Page: {compressed.page}")
    typer.echo(f"Bundle: {compressed.bundle}")


def _print_table(compressed: Compressed) -> None:
    before, one = compressed.before, compressed.chosen
    width = max(len("original"), *(len(each.method) for each in compressed.tried))
    typer.echo(
        f"\n{'model':<{width}}  {'MB':>7}  {'packed MB':>9}  {'ms an answer':>20}"
        f"  {'pictures/s':>10}  {'right on test (%)':>22}  {'points lost':>20}"
    )
    first = (before.size_bytes, before.packed_bytes, one.speed_before, one.contest.first, None)
    rows: list[tuple[str, int, int, Speed, Figure, Figure | None]] = [("original", *first)]
    rows += [
        (
            each.method,
            each.size_bytes,
            each.packed_bytes,
            each.speed,
            each.contest.second,
            each.lost,
        )
        for each in compressed.tried
    ]
    for name, size_bytes, packed_bytes, speed, right, lost in rows:
        took = speed.answer.median_s
        typer.echo(
            f"{name:<{width}}  {size_bytes / 1e6:7.2f}  {packed_bytes / 1e6:9.2f}"
            f"  {_cell(took, 1000, 1):>20}"
            f"  {speed.pictures_a_second.value:10.0f}  {_cell(right, 100, 1):>22}"
            f"  {'' if lost is None else _cell(lost, 100, 1):>20}"
        )
    typer.echo("")


def _cell(figure: Figure, times: float, digits: int) -> str:
    ends = (figure.value, figure.low, figure.high)
    value, low, high = (f"{times * end:.{digits}f}" for end in ends)
    return f"{value} ({low} to {high})"
