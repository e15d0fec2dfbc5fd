"""The gallery: pictures with their maps, where the answers come from, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from linnaeus.evaluation.evenly import evenly
from linnaeus.evaluation.pages import pages
from linnaeus.evaluation.picture_uri import is_tiny, picture_uri
from linnaeus.explanation.overlay import coloured, overlaid
from linnaeus.version import __version__

if TYPE_CHECKING:
    from linnaeus.data.dataset import Dataset
    from linnaeus.explanation.explained import Explained, Explanation
    from linnaeus.searching.similarity import Neighbour

__all__ = ["explanations_page"]

MOST_SHOWN = 60  # pictures; a page of more is too large to send
THUMBNAIL_PX = 112


@dataclass(frozen=True)
class Shown:
    """One explanation as the page shows it: data URIs of the picture, maps and neighbours, and of
    the picture `without` the least that changes the answer, empty where nothing does.
    """

    explanation: Explanation
    picture: str
    tiny: bool
    maps: list[tuple[str, str]]
    neighbours: list[tuple[Neighbour, str]]
    without: str


def explanations_page(explained: Explained, known: Dataset | None = None) -> str:
    """The page as HTML; every text that comes from the user is escaped.

    `known`: the data set that the neighbours are of, to show them.
    """
    places = evenly(len(explained.explanations), MOST_SHOWN)
    shown = [_shown(explained.explanations[at], known) for at in places]
    words = explained.in_plain_words
    means = [
        (place, picture_uri(Image.fromarray(coloured(place.mean)[0]))) for place in explained.places
    ]
    return (
        pages("linnaeus.explanation")
        .get_template("explanations.html.j2")
        .render(
            explained=explained,
            answer=words[0],
            pictures=shown,
            means=means,
            failed={one.method for one in explained.trust if one.faults},
            pointing=any(one.pointing is not None for one in explained.trust),
            version=__version__,
        )
    )


def _shown(one: Explanation, known: Dataset | None) -> Shown:
    picture = Image.fromarray(one.pixels)
    maps = [
        (str(method), picture_uri(overlaid(one.pixels, values)))
        for method, values in one.shown.items()
    ]
    neighbours = [(near, _thumbnail(near, known)) for near in one.neighbours]
    without = picture_uri(Image.fromarray(one.needed.without)) if one.needed else ""
    return Shown(one, picture_uri(picture), is_tiny(picture), maps, neighbours, without)


def _thumbnail(near: Neighbour, known: Dataset | None) -> str:
    from linnaeus.images.decode import decode

    if known is None:
        return ""
    return picture_uri(decode(known.source.read(near.id), name=near.id).image, THUMBNAIL_PX)
