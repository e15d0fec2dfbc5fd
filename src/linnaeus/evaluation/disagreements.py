"""The pictures on which two classifiers are apart, small enough to stand inside a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from linnaeus.bundle.predictions import NONE_OF_THEM, Predictions
from linnaeus.evaluation.contest import Paired
from linnaeus.evaluation.picture_uri import is_tiny, picture_uri

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
    predictions: Predictions, paired: Paired, picture_of: Callable[[str], Image.Image | None]
) -> tuple[Disagreement, ...]:
    """Up to six pictures that the first alone has right, and six that the second has.

    `predictions`: the first's. Those on which the two are surest come first.
    """
    said = predictions.at_rate(0), paired.others.at_rate(0)  # as the figures count them
    found = [_disagreement(*said, row) for row in paired.apart]
    shown = [one for right in (True, False) for one in found if one.first_right == right]
    first = [one for one in shown if one.first_right][:SHOWN]
    second = [one for one in shown if not one.first_right][:SHOWN]
    return tuple(_with_picture(one, picture_of(one.id)) for one in (*first, *second))


def _disagreement(first: Predictions, second: Predictions, row: int) -> Disagreement:
    true = " and ".join(first.true_labels(row)) or NONE_OF_THEM
    said = tuple(one[row].label.replace("|", " and ") or NONE_OF_THEM for one in (first, second))
    return Disagreement(first.ids[row], true, (said[0], said[1]), said[0] == true, "", False)


def _with_picture(one: Disagreement, picture: Image.Image | None) -> Disagreement:
    if picture is None:
        return one
    shown, tiny = picture_uri(picture), is_tiny(picture)
    return Disagreement(one.id, one.true, one.said, one.first_right, shown, tiny)
