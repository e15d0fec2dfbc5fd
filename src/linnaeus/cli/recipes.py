"""`linnaeus recipes`: the recipes that come with Linnaeus, and the text of one."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["recipes"]


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Write this one's file, to be changed.", metavar="NAME", show_default=False
        ),
    ] = None,
) -> None:
    """List the recipes that `linnaeus train --recipe NAME` takes, or write one's text."""
    from linnaeus.training.shipped import recipe_named, shipped_recipes

    if name is not None:
        typer.echo(recipe_named(name).file.read_text("utf-8"), nl=False)
        return
    known = shipped_recipes()
    width = max(len(recipe.name) for recipe in known)
    for recipe in known:
        typer.echo(f"{recipe.name:{width}}  {recipe.about}")
