"""`linnaeus export`: a bundle in another program's form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import Bundle

__all__ = ["export"]


def export(
    bundle: Bundle,
    to: Annotated[
        Literal["onnx", "openvino", "torch", "tensorflow", "litert", "docker", "lambda", "wheel"],
        typer.Option(help="The form."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to make.", metavar="DIR")],
    data: Annotated[
        str | None,
        typer.Option(
            help="Pictures to compare both on. (the bundle's own four, varied)", metavar="DATA"
        ),
    ] = None,
    preprocessing: Annotated[
        bool,
        typer.Option(
            "--preprocessing/--no-preprocessing",
            help="onnx: whether the graph takes pixels, or numbers that are normalised already.",
        ),
    ] = True,
    name: Annotated[
        str | None,
        typer.Option(help="wheel: what the package is called. (by the data)", metavar="NAME"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the pictures that are drawn.")] = 0,
) -> None:
    """Write a bundle for other programs, and keep it only where it answers as the bundle does."""
    from linnaeus.cli.telling import teller

    exported = linnaeus.export(
        bundle,
        to,
        out=out,
        data=data,
        preprocessing=preprocessing,
        name=name,
        seed=seed,
        progress=teller(),
    )
    for sentence in exported.in_plain_words:
        typer.echo(sentence)
    for file in exported.files if len(exported.files) < 5 else ():
        typer.echo(f"Written: {exported.folder / file}")
    typer.echo(f"Folder: {exported.folder}")
