"""The history of a training as drawings: loss and accuracy, of training and of validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10

from markupsafe import Markup

from linnaeus.evaluation.charts import Line, curves
from linnaeus.evaluation.facts import EpochFacts, StrengthFacts, TrainingFacts

__all__ = ["StageCurves", "training_curves"]

Row = EpochFacts | StrengthFacts

LOSS, ACCURACY = "Log loss", "Share that was right"
PRECISION = "Mean average precision"
"""What stands in for accuracy, where a picture may have several labels."""


@dataclass(frozen=True)
class StageCurves:
    """The drawings of one stage, with their titles. `name`: the stage's."""

    name: str
    drawings: tuple[tuple[str, Markup], ...]


def training_curves(training: TrainingFacts, *, several: bool) -> tuple[StageCurves, ...]:
    """The drawings of each stage of which there are two rows at least, in order.

    A probe, which has no epochs, is drawn against the strength of its regularisation. `several`:
    whether a picture may have several labels.
    """
    names = list(dict.fromkeys(row.stage for row in training.history))
    by_epoch = [
        _stage(name, [row for row in training.history if row.stage == name], several)
        for name in names
    ]
    by_strength = _stage("probe", training.strengths, several)
    return tuple(stage for stage in (by_strength, *by_epoch) if stage.drawings)


def _stage(name: str, rows: Sequence[Row], several: bool) -> StageCurves:
    accuracy = PRECISION if several else ACCURACY
    drawn = [(LOSS, _drawing(rows, "loss", LOSS)), (accuracy, _drawing(rows, "accuracy", accuracy))]
    return StageCurves(name, tuple((title, one) for title, one in drawn if one is not None))


def _drawing(rows: Sequence[Row], figure: str, title: str) -> Markup | None:
    """The lines of training and validation with two points at least; None where there is none."""
    lines = [
        Line("training", _points(rows, lambda row: getattr(row, f"train_{figure}"))),
        Line("validation", _points(rows, lambda row: getattr(row, f"validation_{figure}"))),
    ]
    lines = [line for line in lines if len(line.points) > 1]
    if not lines:
        return None
    across = "epoch" if isinstance(rows[0], EpochFacts) else "regularisation, from strong to weak"
    return curves(lines, title, share=figure == "accuracy", across=across)


def _points(
    rows: Sequence[Row], value_of: Callable[[Row], float | None]
) -> list[tuple[float, float]]:
    return [
        (row.epoch if isinstance(row, EpochFacts) else log10(row.strength), float(value))
        for row in rows
        if (value := value_of(row)) is not None
    ]
