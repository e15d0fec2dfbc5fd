"""`linnaeus serve`: bundles behind HTTP, until a signal ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.options import ChangedAbove, Squeeze
from linnaeus.errors import Stopped

__all__ = ["serve"]


def serve(
    bundles: Annotated[
        list[str],
        typer.Argument(
            help="The bundles, or the runs that hold them; NAME=FOLDER gives one a name, and one"
            " name several times several versions, of which the last serves.",
            metavar="BUNDLE…",
        ),
    ],
    host: Annotated[
        str, typer.Option(help="The address to listen on. Others than this machine's need --keys.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one and says which.")
    ] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that decode and answer. (one for each processor)"),
    ] = None,
    queue: Annotated[
        int,
        typer.Option(min=1, help="Pictures that may wait; beyond it requests are refused (503)."),
    ] = 64,
    deadline: Annotated[
        float,
        typer.Option(
            help="Seconds that a caller is kept waiting who sends no X-Deadline-Ms.",
            metavar="SECONDS",
        ),
    ] = 10.0,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Requests a second of each caller; more are refused (429). (any number)",
            metavar="NUMBER",
        ),
    ] = None,
    max_body: Annotated[
        float, typer.Option(help="The most that a request's body may have.", metavar="MB")
    ] = 10.0,
    max_images: Annotated[
        int, typer.Option(min=1, help="The most pictures that a request may hold.")
    ] = 20,
    body_timeout: Annotated[
        float,
        typer.Option(help="Seconds that a request's body may stand still.", metavar="SECONDS"),
    ] = 5.0,
    drain_timeout: Annotated[
        float,
        typer.Option(
            help="Seconds for what was begun when SIGTERM or Ctrl-C came.", metavar="SECONDS"
        ),
    ] = 30.0,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="A file of keys, made by serve-keys; every caller has to bring one.",
            metavar="FILE",
        ),
    ] = None,
    models_root: Annotated[
        Path | None,
        typer.Option(
            help="A folder of bundles that callers may put in a model's place. (none may)",
            metavar="DIR",
        ),
    ] = None,
    squeeze: Squeeze = None,
    changed_above: ChangedAbove = None,
) -> None:
    """Answer over HTTP: what pictures show, and how sure that is."""
    try:
        linnaeus.serve(
            *bundles,
            host=host,
            port=port,
            workers=workers,
            queue=queue,
            deadline=deadline,
            rate=rate,
            max_body=max_body,
            max_images=max_images,
            body_timeout=body_timeout,
            drain_timeout=drain_timeout,
            keys=keys,
            models_root=models_root,
            squeeze=squeeze,
            changed_above=changed_above,
            say=typer.echo,
        )
    except KeyboardInterrupt:  # the usual end, and of nothing that could be half written
        raise Stopped("the server has stopped") from None
