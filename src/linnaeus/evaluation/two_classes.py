"""TwoClasses: sensitivity, specificity and predictive values, as a test for one of two classes."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, inf, log
from typing import Any

from linnaeus.errors import UsageError
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.figure import Figure

__all__ = ["TwoClasses", "as_a_test"]

RAREST = 1e-9
"""The least share that a class may be stated to have: that and its complement are told apart."""


@dataclass(frozen=True)
class TwoClasses:
    """The classifier as a test for the class `positive`.

    Predictive values hold where the class is as frequent as `prevalence`; with `stated`, where it
    is another share than among the judged pictures. None: no picture could tell.
    """

    positive: str
    prevalence: float
    stated: bool
    sensitivity: Figure | None
    specificity: Figure | None
    positive_predictive_value: Figure | None
    negative_predictive_value: Figure | None

    def figures(self) -> dict[str, Figure | None]:
        """The four figures by their names."""
        return {
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
            "positive_predictive_value": self.positive_predictive_value,
            "negative_predictive_value": self.negative_predictive_value,
        }

    def to_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        figures = {name: f.to_json() if f else None for name, f in self.figures().items()}
        told = {"positive": self.positive, "prevalence": self.prevalence, "stated": self.stated}
        return told | figures


def as_a_test(
    per_class: tuple[ClassFigures, ...], positive: str | None, prevalence: float | None
) -> tuple[TwoClasses, ...]:
    """The test for `positive`, by default the second class; none with more than two classes.

    At the share of the judged pictures, and then at the stated `prevalence`, if any. Raises
    UsageError where `positive` is no class, `prevalence` no share, or there are more classes.
    """
    names = [row.name for row in per_class]
    _check(names, positive, prevalence)
    if len(names) != 2:
        return ()
    yes = per_class[names.index(positive) if positive is not None else 1]
    no = next(row for row in per_class if row is not yes)
    share = yes.images / (yes.images + no.images)
    values = [row.precision if row.answers else None for row in (yes, no)]
    here = TwoClasses(yes.name, share, False, yes.recall, no.recall, *values)
    if prevalence is None:
        return (here,)
    moved = _values_at(prevalence, yes.recall, no.recall)
    return here, TwoClasses(yes.name, prevalence, True, yes.recall, no.recall, *moved)


def _check(names: list[str], positive: str | None, prevalence: float | None) -> None:
    asked = "--positive" if positive is not None else "--prevalence"
    if len(names) != 2 and (positive is not None or prevalence is not None):
        raise UsageError(
            f"sensitivity and predictive values are of two classes, and there are {len(names)}",
            where=asked,
            mend="Leave it out; recall and precision of each class are told.",
        )
    if positive is not None and positive not in names:
        raise UsageError(
            f"'{positive}' is none of the classes",
            where="--positive",
            mend=f"Give {' or '.join(names)}.",
        )
    if prevalence is not None and not 0 < prevalence < 1:
        raise UsageError(
            f"{prevalence:g} is no share of pictures",
            where="--prevalence",
            mend="Give a number between 0 and 1, such as 0.02.",
        )
    if prevalence is not None and min(prevalence, 1 - prevalence) < RAREST:
        raise UsageError(
            f"a share of {prevalence:g} is too near 0 or 1 to reckon with",
            where="--prevalence",
            mend=f"Give a number such as 0.02, {RAREST:g} or more from either.",
        )


def _values_at(
    prevalence: float, sensitivity: Figure | None, specificity: Figure | None
) -> tuple[Figure | None, Figure | None]:
    """Both predictive values by Bayes's rule."""
    if sensitivity is None or specificity is None:
        return None, None
    positive = _posterior(prevalence, sensitivity, specificity)
    return positive, _posterior(1 - prevalence, specificity, sensitivity)


def _posterior(prior: float, found: Figure, spared: Figure) -> Figure | None:
    """How probable a class is after its result, which comes to the share `found` of its pictures
    and to all but `spared` of the others; None where it never comes.

    The result multiplies the odds by found / (1 - spared). The interval of that ratio comes from
    those of its parts on the logarithmic scale, each end as far off as both parts' ends together
    (Zou and Donner 2008); with a part of 0, where that has no meaning, from both ends at once.
    """
    wrong = Figure(1 - spared.value, 1 - spared.high, 1 - spared.low)
    if found.value == wrong.value == 0:
        return None
    if found.value == 0 or wrong.value == 0:
        low, high = found.low / wrong.high, found.high / wrong.low if wrong.low else inf
        ratio = found.value / wrong.value if wrong.value else inf
    else:
        ratio = found.value / wrong.value
        low = ratio / exp(hypot(_above(found.low, found.value), _above(wrong.value, wrong.high)))
        high = ratio * exp(hypot(_above(found.value, found.high), _above(wrong.low, wrong.value)))
    return Figure.around(*(_share(prior / (1 - prior) * one) for one in (ratio, low, high)))


def _above(low: float, high: float) -> float:
    return log(high / low) if low > 0 else inf


def _share(odds: float) -> float:
    return odds / (1 + odds) if odds < inf else 1.0
