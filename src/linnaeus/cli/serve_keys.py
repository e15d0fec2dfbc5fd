"""`linnaeus serve-keys`: who may call a server, and for what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import linnaeus
from linnaeus.cli.verbs import Verbs

__all__ = ["app"]

app = Verbs(help="Make, list and take back the keys of a server.", no_args_is_help=True)

KeysFile = Annotated[
    Path, typer.Option(help="The file that keeps the keys' digests.", metavar="FILE")
]
Name = Annotated[str, typer.Argument(help="Whose key it is.", metavar="NAME")]
KEYS = Path("serve-keys.json")


@app.command("add")
def add(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What the key allows: predict, explain, admin or metrics; may be repeated."
            " (predict)"
        ),
    ] = None,
    keys: KeysFile = KEYS,
) -> None:
    """Make a key and print it, once: the file keeps only its digest."""

    key = linnaeus.add_key(name, scopes=scope or ("predict",), keys=keys)
    typer.echo(key)
    typer.echo(f"Keep it: it cannot be read from {keys}.", err=True)


@app.command("list")
def listed(keys: KeysFile = KEYS) -> None:
    """Say whose keys there are, and what they allow."""

    for key in linnaeus.list_keys(keys):
        typer.echo(f"{key.name}\t{', '.join(key.scopes)}\t{key.created}")


@app.command("remove")
def remove(name: Name, keys: KeysFile = KEYS) -> None:
    """Take a key back; a running server obeys within a second."""

    linnaeus.remove_key(name, keys=keys)
    typer.echo(f"The key of {name} is known no more.")
