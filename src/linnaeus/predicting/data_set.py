"""The pictures of a data set that has a name, such as digits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from linnaeus.data.fetching.hosted import Hosted
from linnaeus.data.layout import listed
from linnaeus.data.named import is_named
from linnaeus.data.sources import load_dataset
from linnaeus.predicting.picture import Picture, Source

__all__ = ["data_set_source"]


def data_set_source(name: str) -> Source | None:
    """The pictures of the data set called `name`, called "NAME/PATH INSIDE"; None where there is
    none of this name.

    Raises MissingError where it is not on this machine, and as `load_dataset` does.
    """
    if not is_named(name) and Hosted.named(name) is None:
        return None
    dataset = load_dataset(name)

    def each() -> Iterator[Picture]:
        for path in dataset.paths:
            yield Picture(f"{name}/{path}", partial(dataset.source.read, path))

    others = dataset.left_alone
    note = f"{name}: {len(others):,} others in it are left alone ({listed(others)})."
    notes = (*dataset.notes, note) if others else dataset.notes
    return Source(each, len(dataset), notes, inside=name)
