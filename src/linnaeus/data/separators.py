"""What may part several labels in one cell, where nobody said that anything does: for a hint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

__all__ = ["advice_on_separator", "likely_separator"]

SELDOM_IN_NAMES = "|;"


def likely_separator(labels: Iterable[str]) -> str | None:
    """What seems to part several names in some of `labels`; None where nothing does.

    Names of one class have commas too ("crane, bird"), so a comma counts only where most of what it
    parts stands in several labels, as it does where pictures show this and that.

    >>> likely_separator(["sea|sky", "sky"]), likely_separator(["sea, sky", "sky, sand"])
    ('|', ',')
    >>> likely_separator(["crane, bird", "drake, duck"]) is None
    True
    """
    distinct = set(labels)
    for separator in SELDOM_IN_NAMES:
        if any(separator in label for label in distinct):
            return separator
    parts = {label: {part.strip() for part in label.split(",")} for label in distinct}
    in_labels = Counter(part for names in parts.values() for part in names)
    several = [names for names in parts.values() if len(names) > 1]
    recurring = sum(any(in_labels[part] > 1 for part in names) for names in several)
    return "," if several and 2 * recurring > len(several) else None


def advice_on_separator(classes: Iterable[str]) -> str:
    """A sentence to add where there are too few pictures of some of `classes`, or nothing."""
    separator = likely_separator(classes)
    if separator is None:
        return ""
    return (
        f" If '{separator}' parts several labels in a name, give --label-separator '{separator}'."
    )
