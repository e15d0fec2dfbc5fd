"""`linnaeus models`: what can be trained, what it costs, and where weights are."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linnaeus.errors import UsageError

if TYPE_CHECKING:
    from linnaeus.models.listing import Listed

__all__ = ["models"]

HEADINGS = ("name", "parameters", "operations", "input", "weights", "licence")
UNITS = {"G": 1e9, "M": 1e6, "k": 1e3}
LICENCES_SHOWN = 2


def models(
    pattern: Annotated[
        str | None,
        typer.Argument(
            help="Names to search all networks for: a part of them, or with * and ?.",
            metavar="PATTERN",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A folder with pretrained networks; may be repeated.", metavar="DIR"),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Write the table as JSON, with exact numbers.")
    ] = False,
) -> None:
    """List networks: ours and those at hand, or all of timm's too that a pattern finds."""
    from linnaeus.models.catalogue import known_networks
    from linnaeus.models.classical.names import CLASSIFIERS, FEATURES
    from linnaeus.models.listing import listed
    from linnaeus.models.weights import DEFAULT_BACKBONE, find_weights

    found = find_weights(weights or ())
    shown = listed(pattern, found)
    if pattern is not None and not shown:
        raise _finds_nothing(pattern)
    if json:
        _echo_json(shown)
        return
    _echo_table([HEADINGS, *map(_row, shown)])
    if pattern is None:
        of_timm = sum(one.maker == "timm" for one in known_networks().values())
        typer.echo(f"\n{of_timm:,} more are timm's: linnaeus models PATTERN searches them all.")
        features, classifiers = ", ".join(FEATURES), ", ".join(CLASSIFIERS)
        typer.echo(
            "\nClassical models are FEATURE+CLASSIFIER or FEATURE+pca+CLASSIFIER, such as hog+svm."
            f"\nFeatures: {features}, and any network whose weights are here."
            f"\nClassifiers: {classifiers}."
        )
    if not found:
        typer.echo(
            "\nNo pretrained weights are at hand: name folders with --weights or LINNAEUS_WEIGHTS,"
            f" or let `linnaeus train --download` fetch {DEFAULT_BACKBONE}."
        )


def _finds_nothing(pattern: str) -> UsageError:
    from linnaeus.models.catalogue import nearest

    near = nearest(pattern)
    guess = f"Near it: {', '.join(near)}." if near else "Give a part of a name, or * and ? in one."
    return UsageError(f'no network is called "{pattern}"', where="PATTERN", mend=guess)


def _echo_json(shown: list[Listed]) -> None:
    typer.echo(dumps([one.as_json() for one in shown], indent=2, ensure_ascii=False))


def _row(one: Listed) -> tuple[str, ...]:
    size = "" if one.input_shape is None else "×".join(map(str, one.input_shape[1:]))
    where = {"none": "none", "hub": f"hub ({len(one.pretrained)})", "here": f"here: {one.folder}"}
    licences = ", ".join(one.licences[:LICENCES_SHOWN])
    more = ", …" if len(one.licences) > LICENCES_SHOWN else ""
    return (
        one.name,
        _short(one.parameters),
        _short(one.multiply_adds),
        size,
        where[one.weights],
        licences + more,
    )


def _short(count: int | None) -> str:
    """A count in three digits.

    >>> _short(11_689_512), _short(999), _short(None)
    ('11.7 M', '999', '')
    """
    if count is None:
        return ""
    for unit, size in UNITS.items():
        if count >= size:
            share = count / size
            return f"{share:.0f} {unit}" if share >= 99.95 else f"{share:#.3g} {unit}"
    return str(count)


def _echo_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their longest cell; counts stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if place in (1, 2) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())
