"""`search`: the pictures of an index that look most like others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from linnaeus.api.several import several
from linnaeus.progress import Progress

if TYPE_CHECKING:
    from linnaeus.searching.search import Found

__all__ = ["search"]


def search(
    index: str | Path,
    pictures: str | Path | Sequence[str | Path] = (),
    *,
    files_from: str | Path | None = None,
    image_column: str | None = None,
    allow_url: bool = False,
    top: int = 10,
    bundle: str | Path | None = None,
    out: str | Path | Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> Found:
    """The `top` pictures of an `index` that look most like each of `pictures`.

    `pictures`, `files_from`, `image_column` and `allow_url`: as in `predict`, but for what is
    live. `bundle`: where the bundle that the index was made with is now, by default where it was;
    another one is refused. `out`: a file or several for what is found, whose ending says as what:
    .csv, .json, or .html, which shows the pictures. Raises as `searching.search.search_index`,
    `predicting.sources.sources_of` and `searching.written.write_found` do.
    """
    from linnaeus.predicting.sources import sources_of
    from linnaeus.searching.search import search_index
    from linnaeus.searching.written import PAGE, check_ending, write_found

    wanted = [Path(one) for one in several(out)]
    for file in wanted:
        check_ending(file)
    place = None if bundle is None else Path(bundle)
    with ExitStack() as opened:
        sources = sources_of(
            several(pictures),
            opened,
            files_from=files_from,
            image_column=image_column,
            allow_url=allow_url,
        )
        found = search_index(
            Path(index),
            sources,
            top=top,
            bundle=place,
            shown=any(file.suffix.lower() == PAGE for file in wanted),
            progress=progress,
        )
        for file in wanted:
            write_found(file, found)
    return found
