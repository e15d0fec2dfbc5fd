"""What was answered, as counts: all that has to be kept of a million answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from linnaeus.bundle.predictions import NONE_OF_THEM, SEPARATOR, Prediction
from linnaeus.predicting.asked import Answered
from linnaeus.predicting.tables import KeptRow

__all__ = ["Tally"]


@dataclass
class Tally:
    """`pictures` in all, `unread` and `changed` ones, `withheld` answers, and `labels`: how often
    each was given.

    `several`: a picture may have several labels. "unknown" and "none of the classes" count as
    labels; what could not be read has none.
    """

    several: bool
    pictures: int = 0
    unread: int = 0
    withheld: int = 0
    changed: int = 0
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, answered: Answered) -> None:
        """Count some more pictures."""
        for place, one in enumerate(answered.predictions):
            self.pictures += 1
            self.unread += bool(one.error)
            self.labels.update(_given(one))
            told = not one.error and not one.unknown
            self.withheld += told and answered.promised.withheld(place)
            self.changed += one.changed

    def add_kept(self, row: KeptRow) -> None:
        """Count a row that an earlier run left."""
        self.pictures += 1
        if row.error:
            self.unread += 1
            return
        given = row.given.split(SEPARATOR) if self.several else [row.given]
        self.labels.update(name or NONE_OF_THEM for name in given)
        self.withheld += row.withheld
        self.changed += row.changed


def _given(one: Prediction) -> tuple[str, ...]:
    if one.error:
        return ()
    return (one.label,) if one.unknown else one.labels or (NONE_OF_THEM,)
