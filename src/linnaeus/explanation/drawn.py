"""The pictures to explain: all that are named, or some of them, drawn by the seed."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter

from linnaeus.data.limit import check_limit
from linnaeus.predicting.picture import Picture, Source, total_of
from linnaeus.progress import Progress
from linnaeus.randomness import generator

__all__ = ["drawn"]

MANY = 200
"""Pictures from which on it is said how to take fewer: each takes hundreds of answers, and its
maps are kept until all are there."""


def drawn(
    sources: Sequence[Source], limit: int | None, seed: int, told: Progress
) -> Iterator[Picture]:
    """The pictures of `sources` in order, one at a time; at most `limit` of them, each as likely
    as any other. What is left out is told, and where they are many, how to take fewer.

    Raises UsageError for a limit below 1.
    """
    check_limit(limit)
    for note in (note for source in sources for note in source.notes):
        told.say(note)
    pictures = chain.from_iterable(source.pictures() for source in sources)
    if limit is not None:
        return iter(_some(pictures, limit, seed, told))
    total = total_of(sources)
    how_many = f"More than {MANY}" if total is None else f"{total:,}"
    return _all(pictures, how_many, told)


def _all(pictures: Iterator[Picture], how_many: str, told: Progress) -> Iterator[Picture]:
    for count, picture in enumerate(pictures):
        if count == MANY:
            told.say(
                f"{how_many} pictures are explained one by one, which takes its time; --limit"
                f" {MANY} draws so many of them."
            )
        yield picture


def _some(pictures: Iterator[Picture], limit: int, seed: int, told: Progress) -> list[Picture]:
    """Those of the `limit` smallest of a random number each: no more are held at a time, and how
    many there are need not be known before."""
    count = 0

    def numbered() -> Iterator[tuple[float, int, Picture]]:
        nonlocal count
        numbers = generator(seed, "pictures to explain")
        for picture in pictures:
            yield numbers.random(), count, picture
            count += 1

    few = heapq.nsmallest(limit, numbered())
    if count > limit:
        told.say(f"{limit:,} of {count:,} pictures, drawn; --limit takes more.")
    return [picture for _, _, picture in sorted(few, key=itemgetter(1))]
