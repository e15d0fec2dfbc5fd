"""A classifier of two classes as a test: its curves, and the thresholds that are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from answers import random_answers
from sklearn.metrics import precision_recall_curve, roc_curve

from linnaeus.bundle.spelt import threshold_text
from linnaeus.errors import UsageError
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.operating import Costs, Operating
from linnaeus.evaluation.report import report_page

ANSWERS = random_answers(0, 90, 2)
TRUE = ANSWERS.labels == 1
SCORE = ANSWERS.probabilities[:, 1].astype(np.float64)


def operated(**asked: Any) -> Operating:
    found = measure(ANSWERS, asked=Asked(**asked)).further.operating
    assert found is not None
    return found


def test_curves_are_those_of_scikit_learn() -> None:
    curve = operated().curve
    false, found, _ = roc_curve(TRUE, SCORE, drop_intermediate=False)
    ours = [(p.false_alarms, p.sensitivity) for p in curve]
    np.testing.assert_allclose(ours, np.stack([false, found], axis=1)[1:], atol=1e-9)
    precision, _, thresholds = precision_recall_curve(TRUE, SCORE)
    at = {round(float(t), 9): float(p) for t, p in zip(thresholds, precision[:-1], strict=True)}
    for point in curve:
        assert point.precision == pytest.approx(at[round(point.threshold, 9)], abs=1e-9)


@pytest.mark.parametrize("sensitivity", [0.5, 0.9, 0.95, 1.0])
def test_the_threshold_for_a_sensitivity_is_the_largest_that_reaches_it(sensitivity: float) -> None:
    (cut,) = operated(sensitivity=sensitivity).cuts
    reached = [t for t in SCORE if (SCORE[TRUE] >= t).mean() >= sensitivity]
    assert cut.threshold == max(reached)
    assert cut.sensitivity.value == (SCORE[TRUE] >= cut.threshold).mean() >= sensitivity
    assert cut.specificity.value == (SCORE[~TRUE] < cut.threshold).mean()
    assert cut.called.value == (cut.threshold <= SCORE).mean()


def test_the_threshold_for_costs_follows_from_them_and_its_cost_is_counted() -> None:
    (cut,) = operated(costs=Costs(9, 1)).cuts
    assert cut.threshold == pytest.approx(0.1)
    called = SCORE >= 0.1
    expected = (9 * (TRUE & ~called).sum() + (called & ~TRUE).sum()) / 90
    assert cut.cost is not None
    assert cut.cost.value == pytest.approx(expected)
    assert cut.cost.low < expected < cut.cost.high


def test_net_benefit_is_that_of_vickers_and_elkin() -> None:
    """True positives less false ones at the odds of the threshold, by hand at one half."""
    point = next(p for p in operated().decisions if p.threshold == 0.5)
    called = SCORE >= 0.5
    assert point.net_benefit == pytest.approx(((called & TRUE).sum() - (called & ~TRUE).sum()) / 90)
    assert point.acting_on_all == pytest.approx((TRUE.sum() - (~TRUE).sum()) / 90)


def test_the_other_class_can_be_looked_for() -> None:
    found = operated(positive="class 0", sensitivity=0.9)
    assert found.positive == "class 0"
    scores = ANSWERS.probabilities[:, 0]
    assert (scores[~TRUE] >= found.cuts[0].threshold).mean() >= 0.9


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"sensitivity": 1.5}, "--sensitivity: 1.5 is no sensitivity"),
        ({"costs": Costs(0, 1)}, "--costs: a cost is not above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        measure(ANSWERS, asked=Asked(**asked))


def test_more_classes_have_no_threshold() -> None:
    three = random_answers(0, 60, 3)
    assert measure(three).further.operating is None
    with pytest.raises(UsageError, match="a threshold is for two classes, and there are 3"):
        measure(three, asked=Asked(sensitivity=0.9))


def test_the_page_draws_the_curves_and_tells_the_cuts(full_facts: RunFacts) -> None:
    metrics = measure(ANSWERS, asked=Asked(sensitivity=0.9, costs=Costs(10, 1)))
    page = report_page(full_facts, ANSWERS, metrics, validation=None, picture_of=lambda _: None)
    assert page.count('aria-label="Decision curve') == 1
    assert "share of the others called falsely" in page
    assert "the largest with a sensitivity of 90.0 % on these pictures" in page
    assert "a missed one costs 10 and a false alarm 1" in page


def test_a_threshold_is_told_so_that_it_does_what_is_told_of_it() -> None:
    for threshold in (0.12348, 0.9, 1e-7, 0.99999994, 1 / 11):
        told = threshold_text(threshold)
        assert np.float32(told) == np.float32(threshold)
        assert "e" not in told


def test_answers_at_a_threshold_are_called_though_they_are_rounded() -> None:
    score = np.repeat([0.9, 0.95, 0.1], [20, 10, 10]).astype(np.float32)
    truth = np.repeat([1, 0], [30, 10])
    answers = replace(
        random_answers(0, 40, 2), probabilities=np.stack([1 - score, score], 1), labels=truth
    )
    found = measure(answers, asked=Asked(costs=Costs(1, 9))).further.operating
    assert found is not None
    (cut,) = found.cuts
    assert (cut.called.value, cut.sensitivity.value) == (0.75, 1.0)
    at = {round(point.threshold, 2): point for point in found.decisions}
    assert at[0.9].net_benefit == pytest.approx(0.75)
