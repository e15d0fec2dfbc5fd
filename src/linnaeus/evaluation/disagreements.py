"""The pictures on which two classifiers are apart, small enough to stand inside a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from linnaeus.bundle.predictions import NONE_OF_THEM, Predictions
from linnaeus.evaluation.contest import Paired
from linnaeus.evaluation.picture_uri import PictureOf, as_shown

__all__ = ["Disagreement", "disagreements"]

SHOWN = 6  # of each kind


@dataclass(frozen=True)
class Disagreement:
    """A picture that one of two alone has right; `picture` is a data URI, or empty."""

    id: str
    true: str
    said: tuple[str, str]
    first_right: bool
    picture: str
    tiny: bool


def disagreements(
    predictions: Predictions, paired: Paired, picture_of: PictureOf
) -> tuple[Disagreement, ...]:
    """Up to six pictures that the first alone has right, and six that the second has.

    `predictions`: the first's. Those on which the two are surest come first.
    """
    said = predictions.at_rate(0), paired.others.at_rate(0)  # as the figures count them
    found = [_disagreement(*said, row) for row in paired.apart]
    first = [one for one in found if one.first_right][:SHOWN]
    second = [one for one in found if not one.first_right][:SHOWN]
    return tuple(_with_picture(one, picture_of) for one in (*first, *second))


def _disagreement(first: Predictions, second: Predictions, row: int) -> Disagreement:
    true = _named(first.true_labels(row))
    said = _named(first[row].labels), _named(second[row].labels)
    return Disagreement(first.ids[row], true, said, said[0] == true, "", False)


def _named(labels: Sequence[str]) -> str:
    return " and ".join(labels) or NONE_OF_THEM


def _with_picture(one: Disagreement, picture_of: PictureOf) -> Disagreement:
    picture, tiny = as_shown(picture_of(one.id))
    return replace(one, picture=picture, tiny=tiny)
