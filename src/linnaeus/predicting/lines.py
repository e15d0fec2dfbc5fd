"""Answers as lines for people: name, label and confidence, parted by tabulators."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from linnaeus.bundle.predictions import NONE_OF_THEM, SEPARATOR, Prediction
from linnaeus.bundle.promises import Promised
from linnaeus.bundle.table import likeliest
from linnaeus.predicting.asked import Answered

__all__ = ["Lines"]


class Lines:
    """Gives each picture's line to `tell`, as its answer comes; `top` as in `asked.Asked`.

    After name, label and confidence stand, where they are asked for, the `top` likeliest classes,
    how far the answer moved, "changed", the label set, and "withheld".
    """

    def __init__(self, tell: Callable[[str], None], top: int | None = None) -> None:
        self._tell = tell
        self._top = top

    def add(self, answered: Answered) -> None:
        """Tell of some more pictures."""
        predictions, promised = answered.predictions, answered.promised
        several = predictions.thresholds is not None
        for place, one in enumerate(predictions):
            line = _line(one, several)
            if self._top is not None:
                found = likeliest(predictions.probabilities[place], predictions.classes, self._top)
                told = [f"{name} {p:.3f}" for name, p in found]
                line += "\t" + ("" if one.error else " | ".join(told))
            if predictions.moved is not None:
                line += "\t\t" if one.error else f"\tmoved {one.moved:.3f}\t"
                line += "changed" if one.changed else ""
            self._tell(line + _told(promised, place, predictions.classes, one))


def _line(one: Prediction, several: bool) -> str:
    if one.error:
        return f"{one.id}\t\t"
    if several:
        told = [f"{p:.3f}" for p in one.probabilities or (one.confidence,)]
        return f"{one.id}\t{one.label or NONE_OF_THEM}\t{SEPARATOR.join(told)}"
    return f"{one.id}\t{one.label}\t{'' if one.unknown else f'{one.confidence:.3f}'}"


def _told(promised: Promised, place: int, classes: Sequence[str], one: Prediction) -> str:
    """What was promised of one answer, as further columns."""
    columns, blank = [], one.error or one.unknown
    if promised.inside is not None:
        columns.append("" if blank else " | ".join(promised.labels(place, classes)) or "none")
    if promised.given is not None:
        columns.append("withheld" if not blank and promised.withheld(place) else "")
    return "".join(f"\t{column}" for column in columns)
