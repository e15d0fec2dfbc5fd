"""On which pictures it is weaker, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from linnaeus.counted import are
from linnaeus.evaluation.in_100 import between, in_100, number, times
from linnaeus.evaluation.slices import Slice, Slices

__all__ = ["slice_words", "tested_words"]

EXPLAINED = 0.5
"""From which share of a slice's gap on its being of harder classes is worth saying."""


def slice_words(slices: Slices | None) -> tuple[str, ...]:
    """The weakest slice, and the weakest of a class; nothing where chance explains them all."""
    if slices is None:
        return ()
    sentences = []
    if slices.weaker:
        sentences.append(_weakest(slices.weaker))
    known = {(one.trait, one.value) for one in slices.weaker}
    alone = [one for one in slices.weaker_in_classes if (one.trait, one.value) not in known]
    if alone:
        sentences.append(_weakest_of_a_class(alone[0]))
    return tuple(sentences)


def tested_words(slices: Slices, by: Sequence[str] = ()) -> str:
    """How many slices were tested and are weaker, on the whole and in single classes; a sentence.

    `by`: what to say that they are slices by.
    """
    tested = number(len(slices.of_all), "slice") + (f" by {', '.join(by)}" if by else "")
    whole = f"Of {tested}, {_so_many(len(slices.weaker))} weaker than the rest by more than chance"
    if not slices.tested_in_classes:
        return f"{whole}."
    called = _so_many(slices.called_in_classes)
    return f"{whole}; of {slices.tested_in_classes:,} within single classes, {called}."


def _so_many(weaker: int) -> str:
    return f"{weaker:,} {are(weaker)}" if weaker else "none is"


def _weakest(weaker: tuple[Slice, ...]) -> str:
    worst, *others = weaker
    inside, rest = worst.gap.inside, worst.gap.rest
    are = "is" if len(others) == 1 else "are"
    more = f"; {number(len(others), 'other slice')} {are} clearly weaker too" if others else ""
    return (
        f"Weakest {_where(worst)}:"
        f" right {times(inside.value)} in 100 ({between(inside)}), against {in_100(rest.value)}"
        f" elsewhere{_of_harder_classes(worst)}{more}."
    )


def _where(one: Slice) -> str:
    """The slice as a clause, with how many pictures it has."""
    pictures = number(one.images, "picture")
    if one.examples:
        return f"on “{one.value}”, a cluster of {pictures} that look alike to it"
    return f"where “{one.trait}” is “{one.value}” ({pictures})"


def _of_harder_classes(one: Slice) -> str:
    """A clause on the classes of a slice being harder, where that explains much of its gap."""
    missing = one.gap.rest.value - one.gap.inside.value
    if one.expected is None or one.gap.rest.value - one.expected < EXPLAINED * missing:
        return ""
    return f", or {in_100(one.expected)} on pictures of the same classes"


def _weakest_of_a_class(one: Slice) -> str:
    inside, rest = one.gap.inside, one.gap.rest
    return (
        f"“{one.of_class}” is recognised less {_where(one)}:"
        f" {times(inside.value)} in 100 ({between(inside)}),"
        f" against {in_100(rest.value)} elsewhere."
    )
