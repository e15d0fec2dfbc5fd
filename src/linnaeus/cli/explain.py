"""`linnaeus explain`: where in a picture an answer comes from, and whether that can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from linnaeus.cli.options import Bundle

__all__ = ["explain"]

SOME_UNREAD = 7


def explain(
    bundle: Bundle,
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Picture files, and folders of them.", metavar="PICTURES..."),
    ],
    method: Annotated[
        str,
        typer.Option(
            help="grad-cam, occlusion, integrated-gradients and others; all for a sheet that"
            " compares them; auto: grad-cam where the network has a map, otherwise occlusion.",
            metavar="METHOD",
        ),
    ] = "auto",
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="Explain this class. (of each picture, the one that was named)",
            metavar="CLASS",
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            help="The layer whose map class activation maps are of. (of the last of each size, the"
            " one whose maps part best what counts)",
            metavar="NAME",
        ),
    ] = None,
    cover: Annotated[
        Literal["blur", "mean", "black", "grey"],
        typer.Option(help="What stands where a picture is hidden."),
    ] = "blur",
    parts: Annotated[
        Literal["superpixels", "grid"] | None,
        typer.Option(
            help="What lime, kernel-shap and superpixels part a picture into. (superpixels, where"
            " scikit-image is installed)"
        ),
    ] = None,
    alike: Annotated[
        str | None,
        typer.Option(
            help="Labelled pictures, such as those it was trained on, among which those most alike"
            " are shown.",
            metavar="DATA",
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="A table with image, left, top, right and bottom in pixels of each picture, for"
            " measuring how often a map points into the box.",
            metavar="FILE",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A new folder for index.html, pictures/, maps/ and explanations.json."
            " (explanations, explanations-2, …)",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Show where in pictures the answers come from, with a measure of how far to believe it."""
    from linnaeus import api
    from linnaeus.cli.predict import picture_files
    from linnaeus.cli.telling import teller

    explained = api.explain(
        bundle,
        picture_files(pictures),
        method=method,
        class_name=class_,
        layer=layer,
        cover=cover,
        parts=parts,
        alike=alike,
        boxes=boxes,
        seed=seed,
        out=out or _free("explanations"),
        progress=teller(),
    )
    for sentence in explained.in_plain_words:
        typer.echo(sentence)
    assert explained.folder is not None
    typer.echo(f"Page: {explained.folder / 'index.html'}")
    for name, reason in explained.skipped.items():
        typer.echo(f"Could not be read: {name}: {reason}", err=True)
    if explained.skipped:
        raise typer.Exit(SOME_UNREAD)


def _free(name: str) -> Path:
    """`name`, or with the first number that no folder has yet."""
    place, number = Path(name), 2
    while place.exists():
        place = Path(f"{name}-{number}")
        number += 1
    return place
