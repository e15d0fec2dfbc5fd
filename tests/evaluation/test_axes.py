"""The numbers on the axes of drawings: round, and what they say of where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from markupsafe import Markup

from linnaeus.evaluation.axes import round_steps
from linnaeus.evaluation.charts import Line, curves, decision_curve, risk_curve
from linnaeus.evaluation.decision_points import DecisionPoint
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.risk_coverage import RiskPoint


def upwards(drawing: Markup) -> list[tuple[float, float]]:
    """(number, height) of each label on the axis upwards."""
    labels = r'y="([\d.]+)" text-anchor="end">([\d.]+)(?: %)?<'
    return [(float(said), float(height)) for height, said in re.findall(labels, drawing)]


def risks(highest: float) -> Markup:
    none, most = (Figure(value, value, value) for value in (0.0, highest))
    return risk_curve([RiskPoint(0.5, none), RiskPoint(1.0, most)])


def benefits(highest: float) -> Markup:
    best, none, worst = (Figure(value, value, value) for value in (highest, 0.0, -1.0))
    return decision_curve([DecisionPoint(0.2, best, none), DecisionPoint(0.9, none, worst)])


def accuracies(highest: float) -> Markup:
    points = [(1.0, max(highest - 0.013, 0.0)), (2.0, highest)]
    return curves([Line("training", points)], "Accuracy", share=True)


def losses(highest: float) -> Markup:
    return curves([Line("training", [(1.0, highest), (2.0, 0.0)])], "Log loss", share=False)


@pytest.mark.parametrize("drawn", [risks, benefits, accuracies, losses])
@pytest.mark.parametrize("highest", [0.003, 0.01, 0.0137, 0.1, 0.37, 1.0])
def test_each_number_on_an_axis_says_where_it_stands(
    drawn: Callable[[float], Markup], highest: float
) -> None:
    marks = upwards(drawn(highest))
    assert 3 <= len(marks) <= 8
    (low, bottom), (high, top) = marks[0], marks[-1]
    assert low < high
    for said, height in marks:
        assert (said - low) / (high - low) == pytest.approx(
            (bottom - height) / (bottom - top), abs=0.002
        )


@pytest.mark.parametrize(("low", "high"), [(0, 0.01), (0.93, 1), (0, 1), (0.6, 0.61), (0, 7300)])
def test_steps_hold_what_is_drawn(low: float, high: float) -> None:
    steps = round_steps(low, high)
    assert steps[0] <= low
    assert steps[-1] >= high
    assert 3 <= len(steps) <= 8
