"""`linnaeus predict`: what pictures show, by a finished bundle, without torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import AllowUrl, Bundle, ChangedAbove, FilesFrom, Squeeze
from linnaeus.counted import are

__all__ = ["predict"]


def predict(
    bundle: Bundle,
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, archives, tables with a column of paths, videos, cameras"
            " (camera:0), streams (rtsp://…), patterns in quotation marks ('photos/**/*.jpg'),"
            " data sets by name (digits); - is one picture's bytes on standard input.",
            metavar="PICTURES...",
        ),
    ] = None,
    files_from: FilesFrom = None,
    allow_url: AllowUrl = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Watch the folders named, and answer each picture that comes once it is whole,"
            " until Ctrl-C.",
        ),
    ] = False,
    fps: Annotated[
        float,
        typer.Option(
            help="Frames a second that are answered of a video, a camera (camera:0) or a stream"
            " (rtsp://…).",
            metavar="RATE",
        ),
    ] = 2.0,
    smooth: Annotated[
        float | None,
        typer.Option(
            help="Average the answers to frames over the last so many seconds.",
            metavar="SECONDS",
        ),
    ] = None,
    video_out: Annotated[
        Path | None,
        typer.Option(
            help="Write the frames that were answered, with the answers on them, to this video:"
            " .mp4, .avi or .mkv.",
            metavar="FILE",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a table with all probabilities; the ending says which: .csv, .jsonl or"
            " .parquet.",
            metavar="FILE",
        ),
    ] = None,
    sort_into: Annotated[
        Path | None,
        typer.Option(
            help="Copy the pictures into this folder, into one of their label's name.",
            metavar="DIR",
        ),
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="With --sort-into: make links instead of copies.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the table of --out after its last whole row."),
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            help="Name so many of the likeliest classes, and in tables these instead of all.",
            metavar="COUNT",
        ),
    ] = None,
    sets: Annotated[
        float | None,
        typer.Option(
            help="Name all classes that a picture may be, so that the true one is among them in"
            " this share of pictures: 0.9.",
            metavar="SHARE",
        ),
    ] = None,
    sets_method: Annotated[
        Literal["lac", "aps", "raps", "class-conditional"] | None,
        typer.Option(help="How such sets are made: lac gives the smallest. (lac)"),
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Withhold unsure answers, so that at most this share of those given is wrong:"
            " 0.02.",
            metavar="SHARE",
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            help="Withhold answers below this confidence: 0.8. That promises nothing; --max-error"
            " does.",
            metavar="SHARE",
        ),
    ] = None,
    unknown_rate: Annotated[
        float | None,
        typer.Option(
            help="Share of pictures of the classes that may be called unknown, so that pictures of"
            " something else are; 0 calls nothing so. (0.05)",
            metavar="SHARE",
        ),
    ] = None,
    squeeze: Squeeze = None,
    changed_above: ChangedAbove = None,
    image_column: Annotated[
        str | None, typer.Option(help="The column of paths, where a table names the pictures.")
    ] = None,
) -> None:
    """Say what pictures show, and how sure that is."""
    from linnaeus.cli.telling import plain_teller, teller
    from linnaeus.cli.unread import SOME_UNREAD

    as_lines = out is None and sort_into is None
    # Answers on a terminal tell themselves how far the work is, and would break a bar's lines.
    told = plain_teller() if as_lines and sys.stdout.isatty() else teller()
    predicted = linnaeus.predict(
        bundle,
        list(pictures or ()),
        out=out,
        sort_into=sort_into,
        link=link,
        resume=resume,
        files_from=files_from,
        allow_url=allow_url,
        watch=watch,
        fps=fps,
        smooth=smooth,
        video_out=video_out,
        image_column=image_column,
        top=top,
        sets=sets,
        sets_method=sets_method,
        max_error=max_error,
        min_confidence=min_confidence,
        unknown_rate=unknown_rate,
        squeeze=squeeze,
        changed_above=changed_above,
        progress=told,
        line=typer.echo,
    )
    if not as_lines:
        for label, count in predicted.labels.items():
            typer.echo(f"{count:>8,}  {label}")
    if predicted.withheld and not as_lines:
        typer.echo(f"{predicted.withheld:,} of these answers {are(predicted.withheld)} withheld.")
    if predicted.changed and not as_lines:
        typer.echo(f"{predicted.changed:,} of these pictures may have been changed on purpose.")
    if out is not None:
        typer.echo(f"Table: {out}")
    if sort_into is not None:
        typer.echo(f"Sorted into: {sort_into}")
    if predicted.unread:
        raise typer.Exit(SOME_UNREAD)
