"""Where pages come from: templates that stand beside the code, with every text escaped."""

from __future__ import annotations

import functools
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined

from linnaeus.evaluation import wording

__all__ = ["pages"]

HOUSE = "linnaeus.evaluation"
"""The package that has the house style: `report.css` and `parts.html.j2`."""


@functools.cache  # a page's templates take a third of a second to compile, a page next to nothing
def pages(*packages: str) -> Environment:
    """The templates of `packages` and, behind them, of the house; the first of a name is taken."""
    folders = [resources.files(package) / "templates" for package in (*packages, HOUSE)]

    def text_of(name: str) -> str | None:
        files = (folder / name for folder in folders)
        return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)

    environment = Environment(
        loader=FunctionLoader(text_of),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(wording.FILTERS)
    return environment
