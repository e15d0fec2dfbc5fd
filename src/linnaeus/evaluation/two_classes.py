"""TwoClasses: sensitivity, specificity and predictive values, as a test for one of two classes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

from linnaeus.errors import UsageError
from linnaeus.evaluation.confusion import ClassFigures
from linnaeus.evaluation.figure import Figure

__all__ = ["TwoClasses", "as_a_test"]


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


def _values_at(
    prevalence: float, sensitivity: Figure | None, specificity: Figure | None
) -> tuple[Figure | None, Figure | None]:
    """Both predictive values by Bayes's rule; ends from both ends at once, so rather too wide."""
    if sensitivity is None or specificity is None:
        return None, None
    ends = [(getattr(sensitivity, e), getattr(specificity, e)) for e in ("value", "low", "high")]
    positive = [_posterior(prevalence, found, 1 - spared) for found, spared in ends]
    negative = [_posterior(1 - prevalence, spared, 1 - found) for found, spared in ends]
    return _figure(positive), _figure(negative)


def _posterior(prior: float, if_so: float, if_not: float) -> float:
    """The probability after a result; NaN where that result never comes."""
    comes = prior * if_so + (1 - prior) * if_not
    return prior * if_so / comes if comes > 0 else float("nan")


def _figure(ends: list[float]) -> Figure | None:
    value, low, high = ends
    if isnan(value):
        return None
    return Figure.around(value, 0.0 if isnan(low) else low, 1.0 if isnan(high) else high)
