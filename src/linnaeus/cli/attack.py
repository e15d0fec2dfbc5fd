"""`linnaeus attack`: how often a bundle is right when somebody wants it to be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import (
    Bundle,
    Data,
    DrawingSeed,
    GroupColumn,
    ImageColumn,
    LabelColumn,
    Limit,
    SplitColumn,
    Table,
)

if TYPE_CHECKING:
    from linnaeus.evaluation.figure import Figure
    from linnaeus.robustness.defences.squeezing import Squeezing

__all__ = ["attack"]


def attack(
    bundle: Bundle,
    data: Data,
    eps: Annotated[
        str | None,
        typer.Option(
            help="How far each level may change, of their range: 8/255, 0.03. With --norm l2, how"
            " long the whole change may be. (8/255; with --norm l2 0.5)",
            metavar="DISTANCE",
        ),
    ] = None,
    norm: Annotated[
        Literal["linf", "l2"], typer.Option(help="How the distance is measured.")
    ] = "linf",
    attacks: Annotated[
        str | None,
        typer.Option(
            help="fgsm, pgd, apgd-ce, apgd-t, square, patch, or strong for the middle three one"
            " after the other. (fgsm,pgd,strong)",
            metavar="NAMES",
        ),
    ] = None,
    defence: Annotated[
        Literal["squeeze"] | None,
        typer.Option(
            help="Measure a defence too: feature squeezing, as a defence and as a detector, against"
            " attackers who know of it."
        ),
    ] = None,
    limit: Limit = 500,
    seed: DrawingSeed = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for index.html, attack.json and pictures/.", metavar="DIR"),
    ] = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    split_column: SplitColumn = None,
    table: Table = None,
) -> None:
    """Attack a bundle's network with small changes of pictures, and say what stands."""
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread

    done = linnaeus.attack(
        bundle,
        data,
        eps=eps,
        norm=norm,
        attacks=None if attacks is None else [name.strip() for name in attacks.split(",")],
        defence=defence,
        limit=limit,
        seed=seed,
        out=out,
        image_column=image_column,
        label_column=label_column,
        group_column=group_column,
        split_column=split_column,
        table=table,
        progress=teller(),
    )
    for sentence in (*done.remarks, *done.in_plain_words):
        typer.echo(sentence)
    for name, figure in {"no attack": done.clean, **done.accuracy, "all": done.robust}.items():
        _print_figure(name, figure)
    if done.squeezing is not None:
        _print_squeezing(done.squeezing)
    if out is not None:
        typer.echo(f"Page: {out / 'index.html'}")
    tell_unread(done.unread)


def _print_squeezing(squeezing: Squeezing) -> None:
    """What each squeezer and the detector are worth, pictures as they are and changed."""
    for one in squeezing.behind:
        typer.echo(f"\nBehind {one.in_words} (--squeeze {one.squeezer}), right on")
        _print_figure("pictures as they are", one.clean)
        _print_figure("changed, unaware of it", one.unaware)
        _print_figure("changed, aware of it", one.aware)
    detector = squeezing.detector
    typer.echo(f"\nThe detector ({detector.option}):")
    _print_figure("false alarms", detector.false_alarms)
    if detector.detected is not None:
        _print_figure("fooling ones found", detector.detected)
    _print_figure("wrong and passed", detector.wrong)
    _print_figure("changed, unaware of it", detector.unaware)
    _print_figure("changed, aware of it", detector.aware)


def _print_figure(name: str, figure: Figure) -> None:
    typer.echo(f"  {name:<22} {figure.value:.4f}  ({figure.low:.4f} to {figure.high:.4f})")
