"""`linnaeus cache`: what is kept between runs of pictures, to see and to clear."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from linnaeus.cli.verbs import Verbs

if TYPE_CHECKING:
    from linnaeus.data.cache import Entry

__all__ = ["app"]

app = Verbs(help="See what is kept of decoded pictures, or clear it.")


@app.callback(invoke_without_command=True)
def show(context: typer.Context) -> None:
    """See what is kept of decoded pictures, or clear it."""
    if context.invoked_subcommand is not None:
        return
    from linnaeus.counted import pictures
    from linnaeus.data.cache import LIMIT_VARIABLE, the_cache
    from linnaeus.progress import Quiet
    from linnaeus.training.kept_work import kept_beside

    cache = the_cache()
    entries = cache.entries()
    for entry in reversed(entries):
        used = datetime.fromtimestamp(entry.last_used_s)
        count = pictures(entry.contents.count)
        size = f"{entry.size_bytes / 1e6:,.1f} MB"
        typer.echo(
            f"{entry.contents.dataset:<30} {entry.contents.kind:<24} {count:>20} {size:>14}"
            f"   last used {used:%Y-%m-%d %H:%M}"
        )
    total = sum(entry.size_bytes for entry in entries)
    typer.echo(
        f"{total / 1e6:,.1f} MB of at most {cache.bound_bytes() / 1e6:,.1f} MB"
        f" ({LIMIT_VARIABLE} sets it) in {cache.folder}"
    )
    if (work := kept_beside(cache, Quiet())) is not None and (files := work.files()):
        size_bytes = sum(file.stat().st_size for file in files)
        typer.echo(
            f"{size_bytes / 1e6:,.1f} MB of features, graphs and near duplicates of earlier runs in"
            f" {work.folder}"
        )


@app.command("clear")
def clear(
    older_than: Annotated[
        str | None, typer.Option(help="Only what was not used for so long: 12h, 30d.")
    ] = None,
) -> None:
    """Remove what is kept of pictures; it will be decoded and embedded again when it is needed."""
    from linnaeus.data.cache import the_cache
    from linnaeus.progress import Quiet
    from linnaeus.training.kept_work import kept_beside

    cache = the_cache()
    older_than_s = _seconds(older_than) if older_than else 0.0
    removed, in_use = cache.clear(older_than_s=older_than_s)
    work = kept_beside(cache, Quiet())
    freed_bytes = work.clear(older_than_s=older_than_s) if work else 0
    typer.echo(f"Removed {_named(removed)}.")
    if freed_bytes:
        typer.echo(f"Removed {freed_bytes / 1e6:,.1f} MB of features, graphs and near duplicates.")
    if in_use:
        typer.echo(f"Left {_named(in_use)}, which another process has in use.")


def _seconds(text: str) -> float:
    from linnaeus.errors import UsageError
    from linnaeus.training.budget import parse_budget

    try:
        return parse_budget(text)
    except UsageError as error:
        mend = "Write it as 12h or 30d."
        raise UsageError(error.what, where="--older-than", mend=mend) from None


def _named(entries: list[Entry]) -> str:
    size_bytes = sum(entry.size_bytes for entry in entries)
    noun = "entry" if len(entries) == 1 else "entries"
    return f"{len(entries):,} {noun} ({size_bytes / 1e6:,.1f} MB)"
