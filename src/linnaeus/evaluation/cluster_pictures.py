"""The pictures that stand for the clusters on which a classifier is weaker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linnaeus.evaluation.picture_uri import PictureOf, as_shown
from linnaeus.evaluation.slices import Slice, Slices

__all__ = ["ClusterShown", "cluster_pictures"]

MOST_CLUSTERS = 4  # on a page: the worst; further ones have their names in the table
SIDE_PX = 160  # half the room of the mistakes' pictures: six stand for one cluster


@dataclass(frozen=True)
class ClusterShown:
    """A weak cluster and its examples: (id, data URI or empty, whether it is tiny) of each."""

    slice: Slice
    pictures: tuple[tuple[str, str, bool], ...]


def cluster_pictures(slices: Slices | None, picture_of: PictureOf) -> tuple[ClusterShown, ...]:
    """The examples of up to four clusters that are weaker by more than chance, the worst first.

    Clusters of all pictures come before those of single classes. One without any picture at hand is
    left to the table.
    """
    weaker = () if slices is None else (*slices.weaker, *slices.weaker_in_classes)
    chosen = [one for one in weaker if one.examples][:MOST_CLUSTERS]
    shown = [ClusterShown(one, tuple(_pictures(one, picture_of))) for one in chosen]
    return tuple(one for one in shown if any(picture for _, picture, _ in one.pictures))


def _pictures(one: Slice, picture_of: PictureOf) -> Iterator[tuple[str, str, bool]]:
    for name in one.examples:
        yield (name, *as_shown(picture_of(name), SIDE_PX))
