"""`linnaeus explain`: where in a picture an answer comes from, and whether that can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import linnaeus
from linnaeus.cli.options import AllowUrl, Bundle, DrawingSeed, FilesFrom, ImageColumn, Pictures

__all__ = ["explain"]


def explain(
    bundle: Bundle,
    pictures: Pictures = None,
    files_from: FilesFrom = None,
    allow_url: AllowUrl = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Explain at most so many of the pictures, drawn by the seed. (all)",
            metavar="PICTURES",
        ),
    ] = None,
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
            help="Explain this class; has to be given where pictures have several labels. (of each"
            " picture, the one that was named)",
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
    image_column: ImageColumn = None,
    seed: DrawingSeed = 0,
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
    from linnaeus.cli.telling import teller
    from linnaeus.cli.unread import tell_unread
    from linnaeus.files import claim_folder, release_folder

    folder = out or Path(claim_folder(Path("explanations"), numbered=True).name)
    try:
        explained = linnaeus.explain(
            bundle,
            list(pictures or ()),
            files_from=files_from,
            image_column=image_column,
            allow_url=allow_url,
            limit=limit,
            method=method,
            class_name=class_,
            layer=layer,
            cover=cover,
            parts=parts,
            alike=alike,
            boxes=boxes,
            seed=seed,
            out=folder,
            progress=teller(),
        )
    except BaseException:
        if out is None:
            release_folder(folder)
        raise
    for sentence in explained.in_plain_words:
        typer.echo(sentence)
    typer.echo(f"Page: {folder / 'index.html'}")
    tell_unread(explained.skipped)
