"""Verbs, as the command line knows them: what is given twice, or is no number, is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

from linnaeus.errors import UsageError
from linnaeus.written_numbers import check_written

__all__ = ["Verb", "Verbs"]


class Verb(TyperCommand):
    """A verb that raises UsageError where an option of one value is given two, and one be lost.

    Numbers are read as people write them, not 1_0 as 10.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, who ends here for --help; then what it lets pass is looked at."""
        texts, _, given = self.make_parser(ctx).parse_args(args=list(args))
        rest = super().parse_args(ctx, args)
        _check_once(given)
        _check_numbers(ctx, texts, given)
        return rest


class Verbs(typer.Typer):
    """A Typer whose commands are each a `Verb`."""

    def command(self, name: str | None = None, **options: Any) -> Callable[..., Any]:
        """As Typer's own."""
        return super().command(name, cls=Verb, **options)


def _check_once(given: Sequence[Any]) -> None:
    for option in given:
        if _holds_once(option) and given.count(option) > 1:
            raise UsageError(
                f"it is given {given.count(option)} times, and takes one value",
                where=option.opts[0],
                mend="Give it once.",
            )


def _check_numbers(ctx: Any, texts: Mapping[str, object], given: Sequence[Any]) -> None:
    from pydantic import ValidationError  # Typer has loaded it to read the values

    try:
        check_written(texts, ctx.params)
    except ValidationError as error:
        fault = error.errors()[0]
        option = next(one for one in given if one.name == fault["loc"][0])
        raise typer.BadParameter(fault["msg"], ctx=ctx, param=option) from None


def _holds_once(option: object) -> bool:
    return isinstance(option, TyperOption) and not (option.multiple or option.is_flag)
