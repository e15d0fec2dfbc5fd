"""`serve`: bundles behind HTTP, with every option of the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from linnaeus.errors import MissingError

__all__ = ["serve"]


def serve(
    *bundles: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int | None = None,
    queue: int = 64,
    deadline: float = 10.0,
    rate: float | None = None,
    max_body: float = 10.0,
    max_images: int = 20,
    body_timeout: float = 5.0,
    drain_timeout: float = 30.0,
    keys: str | Path | None = None,
    models_root: str | Path | None = None,
    squeeze: Literal["bits", "median"] | None = None,
    changed_above: float | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Answer over HTTP with `bundles` until SIGTERM or SIGINT ends it; runs in the main thread.

    Each is a folder, or NAME=FOLDER. `workers`: processes that decode and answer, by default as
    many as the machine has processors. `queue`: pictures that may wait; beyond it requests are
    refused. `deadline`: seconds that a caller who names no time is kept waiting. `rate`: requests a
    second of each caller; by default any number. `max_body`: megabytes. `body_timeout`: seconds
    that a body may stand still. `drain_timeout`: seconds for what was begun when a signal came.
    `keys`: a file made by `add_key`, needed unless `host` is this machine alone. `models_root`: the
    folder below which callers with the scope admin may name other bundles. `squeeze`: every model
    answers pictures made poorer, as in `Classifier.squeezing`; `changed_above`: and tells what may
    have been changed on purpose, as in `Classifier.detecting`. `say` is told the address once the
    server answers.

    Raises UsageError for options that cannot be meant and for an address that cannot be had,
    BundleError for a bundle that cannot be served, MissingError on Windows; Terminated once
    SIGTERM, and KeyboardInterrupt once SIGINT has ended it.
    """
    if sys.platform == "win32":  # before what Windows does not have is loaded
        mend = "Use Linux, macOS or WSL."
        raise MissingError("the server bounds its workers as Windows cannot", mend=mend)
    from linnaeus.serving.server import run_server  # loads what speaks HTTP
    from linnaeus.serving.settings import Settings

    settings = Settings(
        host=host,
        port=port,
        **({} if workers is None else {"workers": workers}),
        queue=queue,
        deadline_s=deadline,
        rate=rate,
        max_body_mb=max_body,
        max_images=max_images,
        body_timeout_s=body_timeout,
        drain_timeout_s=drain_timeout,
        keys=None if keys is None else Path(keys),
        models_root=None if models_root is None else Path(models_root),
        squeeze=squeeze,
        changed_above=changed_above,
    )
    run_server(bundles, settings, say)
