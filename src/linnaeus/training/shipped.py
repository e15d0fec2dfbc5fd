"""The recipes that come with Linnaeus, by their names."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import NamedTuple

from linnaeus.errors import UsageError

__all__ = ["ShippedRecipe", "recipe_file", "recipe_named", "shipped_recipes"]

FOLDER = Path(__file__).parent / "recipes"


class ShippedRecipe(NamedTuple):
    """A recipe with a name, the file that holds it, and what it is for, in a line."""

    name: str
    file: Path
    about: str


def shipped_recipes() -> tuple[ShippedRecipe, ...]:
    """All of them, by their names."""
    files = sorted(FOLDER.glob("*.yaml"))
    return tuple(ShippedRecipe(file.stem, file, _about(file)) for file in files)


def recipe_named(name: str) -> ShippedRecipe:
    """The shipped recipe called `name`. Raises UsageError where there is none."""
    known = {recipe.name: recipe for recipe in shipped_recipes()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    guess = f'Did you mean "{near[0]}"? ' if near else ""
    raise UsageError(
        "no recipe of this name comes with Linnaeus",
        where=f'"{name}"',
        mend=f"{guess}There are {', '.join(known)}.",
    )


def recipe_file(given: str | Path) -> Path:
    """The file of the recipe that `given` names: a shipped one by its bare name, else a path.

    Raises UsageError for a bare name that is neither.
    """
    path = Path(given)
    bare = isinstance(given, str) and not path.suffix and given == path.name
    if bare and (given in {recipe.name for recipe in shipped_recipes()} or not path.exists()):
        return recipe_named(str(given)).file
    return path


def _about(file: Path) -> str:
    """The first line, which is a comment."""
    return file.read_text("utf-8").partition("\n")[0].removeprefix("#").strip().rstrip(".")
