"""What a search found as a page: each picture that was looked for, and those most like it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image

from linnaeus.data.dataset import Dataset
from linnaeus.errors import LinnaeusError, UnreadableImage
from linnaeus.evaluation.pages import pages
from linnaeus.evaluation.picture_uri import as_shown
from linnaeus.images.decode import decode
from linnaeus.searching.drawing import drawn_again
from linnaeus.searching.search import MOST_SHOWN, Found, Pixels, Query
from linnaeus.searching.similarity import Neighbour
from linnaeus.version import __version__

__all__ = ["found_page"]


@dataclass(frozen=True)
class Shown:
    """A picture of the page as a data URI, "" where it is not at hand."""

    uri: str
    tiny: bool


def found_page(found: Found, pictures: Dataset | None = None) -> str:
    """The page as HTML; every text that comes from the user is escaped.

    `pictures`: the data set that the index is of; None: it is looked for where it lay. A picture
    that is not there any more is named, and the page says how many those are.
    """
    dataset, why = (pictures, "") if pictures is not None else _at_hand(found)
    shown = found.queries[: _most_queries(found)]
    queries = [(query, _shown(query.source), _neighbours(query, dataset)) for query in shown]
    gone = sum(not one.uri for _, _, neighbours in queries for _, one in neighbours)
    return (
        pages("linnaeus.searching")
        .get_template("found.html.j2")
        .render(found=found, queries=queries, gone=gone, why=why, version=__version__)
    )


def _most_queries(found: Found) -> int:
    longest = max((len(query.neighbours) for query in found.queries), default=0)
    return max(1, MOST_SHOWN // (longest + 1))


def _at_hand(found: Found) -> tuple[Dataset | None, str]:
    """The pictures of the index, or why they cannot be shown."""
    drawn = found.record.drawn
    if drawn is None:
        return None, "the index was made of a data set in memory"
    try:
        return drawn_again(drawn), ""
    except LinnaeusError as error:
        return None, f"{drawn.data}: {error.what}"


def _neighbours(query: Query, dataset: Dataset | None) -> list[tuple[Neighbour, Shown]]:
    def reader(name: str) -> Callable[[], bytes]:
        assert dataset is not None
        return lambda: dataset.source.read(name)

    if dataset is None:
        return [(one, Shown("", False)) for one in query.neighbours]
    return [(one, _shown(reader(one.id))) for one in query.neighbours]


def _shown(source: Pixels | None) -> Shown:
    picture: Image.Image | None = None
    if source is not None:
        with suppress(UnreadableImage):
            picture = decode(source() if callable(source) else source).image
    return Shown(*as_shown(picture))
