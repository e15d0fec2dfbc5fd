"""The folder for what a verb makes: claimed before the work, given up where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from linnaeus.files import claim_folder, release_folder

__all__ = ["results_folder"]


@contextmanager
def results_folder(out: str | Path | None, name: str) -> Iterator[Path]:
    """Claim the folder `out`, or a new runs/NAME-DATE-TIME; give it up where the block fails."""
    wanted = Path(out or Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}")
    stood = wanted.exists()
    folder = wanted.with_name(claim_folder(wanted, numbered=out is None).name)
    try:
        yield folder
    except BaseException:
        if not stood:
            release_folder(folder)
        raise
