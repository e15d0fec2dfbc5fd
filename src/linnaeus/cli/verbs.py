"""Verbs, as the command line knows them: what is given twice, and holds once, is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

from linnaeus.errors import UsageError

__all__ = ["Verb", "Verbs"]


class Verb(TyperCommand):
    """A verb that raises UsageError where an option of one value is given two, and one be lost."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, once each option is known to be given no oftener than it may be."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for option in given:
            if _holds_once(option) and given.count(option) > 1:
                raise UsageError(
                    f"it is given {given.count(option)} times, and takes one value",
                    where=option.opts[0],
                    mend="Give it once.",
                )
        return super().parse_args(ctx, args)


class Verbs(typer.Typer):
    """A Typer whose commands are each a `Verb`."""

    def command(self, name: str | None = None, **options: Any) -> Callable[..., Any]:
        """As Typer's own."""
        return super().command(name, cls=Verb, **options)


def _holds_once(option: object) -> bool:
    return isinstance(option, TyperOption) and not (option.multiple or option.is_flag)
