"""Shares as times in 100, and their intervals, as a sentence says them."""

from __future__ import annotations

from linnaeus.counted import counted
from linnaeus.evaluation.figure import Figure

__all__ = ["between", "in_100", "judged", "number", "times", "too_few"]

MOST_DECIMALS = 3  # apart for any test of fewer than a hundred million pictures


def in_100(share: float) -> str:
    """A share as times in 100; only what never happens is 0, only what always happens is 100.

    >>> in_100(0.853), in_100(0.9961), in_100(0.001)
    ('85', 'more than 99', 'fewer than 1')
    """
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        return "more than 99"
    if rounded == 0 and share > 0:
        return "fewer than 1"
    return str(rounded)


def between(figure: Figure) -> str:
    """The interval in 100, as "between 82 and 88".

    In decimals where they keep its ends apart, and off never and always.
    """
    low, high = in_100(figure.low), in_100(figure.high)
    if low == high:
        shares = (figure.low, figure.high, 0, 1)
        for decimals in range(1, MOST_DECIMALS + 1):
            low, high, *ends = (f"{share * 100:.{decimals}f}" for share in shares)
            if len({low, high, *ends}) == len(shares):
                break
    return f"between {low} and {high}"


def times(share: float) -> str:
    """A share as "once" or "85 times", to stand before "in 100"."""
    count = in_100(share)
    return {"1": "once", "fewer than 1": "less than once"}.get(count, f"{count} times")


def number(count: int, noun: str) -> str:
    """A count with its noun."""
    return counted(count, noun)


def judged(images: int, groups: int | None) -> str:
    """What was judged: "85 pictures", or "85 pictures in 12 groups" where some belong together."""
    pictures = number(images, "picture")
    return pictures if groups in (None, images) else f"{pictures} in {number(groups, 'group')}"


def too_few(images: int, groups: int | None) -> str:
    """That so many pictures, or groups of them, leave wide intervals, and what would help."""
    were = "was" if images == 1 else "were"
    more = "more" if groups in (None, images) else "more groups"
    return (
        f"Only {judged(images, groups)} {were} judged, too few to say it more closely: "
        f"test on {more} before relying on it."
    )
