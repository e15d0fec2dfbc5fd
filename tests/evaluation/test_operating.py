"""A classifier of two classes as a test: its curves, and the thresholds that are asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import random_answers
from click.testing import Result
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve
from typer.testing import CliRunner

import linnaeus
from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.spelt import threshold_text
from linnaeus.bundle.table import write_csv
from linnaeus.cli.app import app
from linnaeus.errors import UsageError
from linnaeus.evaluation.costs import Costs
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.intervals import Resampling
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.operating import Operating
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
    ours = [(p.false_alarms.value, p.sensitivity.value) for p in curve]
    np.testing.assert_allclose(ours, np.stack([false, found], axis=1)[1:], atol=1e-9)
    precision, _, thresholds = precision_recall_curve(TRUE, SCORE)
    at = {round(float(t), 9): float(p) for t, p in zip(thresholds, precision[:-1], strict=True)}
    for point in curve:
        assert point.precision.value == pytest.approx(at[round(point.threshold, 9)], abs=1e-9)


@pytest.mark.parametrize("sensitivity", [0.5, 0.9, 0.95, 1.0])
def test_the_threshold_for_a_sensitivity_is_the_largest_that_reaches_it(sensitivity: float) -> None:
    (cut,) = operated(sensitivity=sensitivity).cuts
    reached = [t for t in SCORE if (SCORE[TRUE] >= t).mean() >= sensitivity]
    assert cut.threshold == pytest.approx(max(reached), abs=1e-7)
    assert ((cut.threshold <= SCORE) == (max(reached) <= SCORE)).all()
    assert cut.sensitivity.value == (SCORE[TRUE] >= cut.threshold).mean() >= sensitivity
    assert cut.specificity.value == (SCORE[~TRUE] < cut.threshold).mean()
    assert cut.called.value == (cut.threshold <= SCORE).mean()


def test_the_threshold_for_costs_follows_from_them_and_its_cost_is_counted() -> None:
    cut = operated(costs=Costs(9, 1)).cuts[0]
    assert cut.threshold == pytest.approx(0.1)
    called = SCORE >= 0.1
    expected = (9 * (TRUE & ~called).sum() + (called & ~TRUE).sum()) / 90
    assert cut.cost is not None
    assert cut.cost.value == pytest.approx(expected)
    assert cut.cost.low < expected < cut.cost.high


@pytest.mark.parametrize(
    ("share", "found", "passed", "pictures", "missed"),
    [(0.1, 0.95, 0.8, 200, 20), (0.5, 0.98, 0.5, 120, 10), (0.2, 0.98, 0.9, 500, 50)],
)
def test_the_interval_of_a_cost_knows_of_misses_that_were_not_seen(
    share: float, found: float, passed: float, pictures: int, missed: float
) -> None:
    """One or two costly misses are to be expected, so that there is none in a third of the tests:
    of bootstrap intervals 67 to 82 in 100 held the truth."""
    random = np.random.default_rng(2)
    costs = Costs(missed, 1)
    true = missed * share * (1 - found) + (1 - share) * (1 - passed)
    held = 0
    for _ in range(300):
        truth = random.random(pictures) < share
        called = random.random(pictures) < np.where(truth, found, 1 - passed)
        figure = costs.figure(truth, called, Resampling.of(pictures))
        held += figure.low <= true <= figure.high
    assert held >= 273  # of 300 at 95 %, fewer come once in 500 tries


def test_what_costs_more_is_told_and_equals_are_not() -> None:
    """Calibrated probabilities are taken at their word; three times too sure, they lose."""
    told = {1.0: 0, 3.0: 0}
    for seed in range(60):
        random = np.random.default_rng(seed)
        logit = random.normal(-1, 2, 300)
        truth = random.random(300) < 1 / (1 + np.exp(-logit))
        for times in told:
            p = 1 / (1 + np.exp(-times * logit))
            answers = Predictions(
                tuple(map(str, range(300))), ("no", "yes"), np.stack([1 - p, p], 1), truth * 1
            )
            found = measure(answers, asked=Asked(costs=Costs(10, 1)), resamples=100)
            assert found.further.operating
            said = " ".join(found.further.operating.remarks)
            told[times] += "clearly more than" in said
    assert told[1.0] <= 5
    assert told[3.0] >= 36


def test_net_benefit_is_that_of_vickers_and_elkin() -> None:
    """True positives less false ones at the odds of the threshold, by hand at one half."""
    point = next(p for p in operated().decisions if p.threshold == 0.5)
    called = SCORE >= 0.5
    assert point.net_benefit.value == pytest.approx(
        ((called & TRUE).sum() - (called & ~TRUE).sum()) / 90
    )
    assert point.acting_on_all.value == pytest.approx((TRUE.sum() - (~TRUE).sum()) / 90)


def test_the_other_class_can_be_looked_for() -> None:
    found = operated(positive="class 0", sensitivity=0.9)
    assert found.positive == "class 0"
    scores = ANSWERS.probabilities[:, 0]
    assert (scores[~TRUE] >= found.cuts[0].threshold).mean() >= 0.9


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"sensitivity": 1.5}, "--sensitivity: 1.5 is no sensitivity"),
        ({"sensitivity": float("nan")}, "--sensitivity: nan is no sensitivity"),
        ({"costs": Costs(0, 1)}, "--costs: a cost of 0 cannot be reckoned with"),
        ({"costs": Costs(float("inf"), 1)}, "--costs: a cost of inf cannot"),
        ({"costs": Costs(1, float("nan"))}, "--costs: a cost of nan cannot"),
        ({"costs": Costs(1e308, 1e308)}, r"--costs: a cost of 1e\+308 cannot"),
        ({"costs": Costs(1, 1e-308)}, "--costs: a cost of 1e-308 cannot"),
        ({"prevalence": float("nan")}, "--prevalence: nan is no share"),
        ({"prevalence": 1e-300}, "--prevalence: a share of 1e-300 is too near 0"),
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
    assert "the largest with a sensitivity of 90 % on these pictures" in page
    assert "a missed one costs 10 and a false alarm 1" in page


def test_a_threshold_is_told_so_that_it_does_what_is_told_of_it() -> None:
    for threshold in (0.12348, 0.9, 1e-7, 0.99999994, 1 / 11):
        told = threshold_text(threshold)
        assert np.float32(told) == np.float32(threshold)
        assert float(told) <= threshold
        assert "e" not in told


def tables_of_scores() -> dict[str, NDArray[np.floating]]:
    """Probabilities as tables and bundles have them, on and about thresholds that costs make."""
    random = np.random.default_rng(0)
    tenths = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    elevenths = np.repeat(np.arange(1, 11) / 11, 2) - np.tile([0, 1e-9], 10)
    drawn = random.beta(0.7, 0.7, 200)
    exact = {"tenths": tenths, "elevenths": elevenths, "drawn": drawn}
    return exact | {f"float32 {name}": one.astype(np.float32) for name, one in exact.items()}


@pytest.mark.parametrize("name", list(tables_of_scores()))
@pytest.mark.parametrize("costs", [Costs(10, 1), Costs(1, 9), Costs(1, 1)])
def test_a_told_threshold_calls_what_is_told_of_it_however_it_is_read(
    name: str, costs: Costs
) -> None:
    """As a number or as text; of scores at full width, as they are, and as a table has them."""
    score = tables_of_scores()[name]
    truth = np.random.default_rng(1).random(len(score)) < score
    truth[:2] = False, True
    answers = Predictions(
        tuple(map(str, range(len(score)))),
        ("no", "yes"),
        np.stack([1 - score, score], axis=1),
        truth.astype(np.int64),
    )
    written = np.array([float(str(one)) for one in score])
    for sensitivity in (0.5, 0.8, 1.0):
        asked = Asked(sensitivity=sensitivity, costs=costs)
        found = measure(answers, asked=asked, resamples=100).further.operating
        assert found is not None
        for cut in found.cuts:
            for start in (cut.threshold, float(cut.text)):
                for read in (score, score.astype(np.float64), written):
                    called = read >= start
                    assert called[truth].mean() == cut.sensitivity.value
                    assert (~called)[~truth].mean() == cut.specificity.value
                    cost = costs.missed * (truth & ~called) + costs.false_alarm * (called & ~truth)
                    assert cut.cost is not None
                    assert cost.mean() == pytest.approx(cut.cost.value)


def test_a_table_is_called_by_its_own_numbers(tmp_path: Path) -> None:
    """0.4 in a table is less than the float32 next to it, which was told as the threshold."""
    rows = [
        f"{place},{'yes' if p in (0.4, 0.6, 0.7, 0.9, 0.95) else 'no'},{1 - p:g},{p:g}"
        for place, p in enumerate((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95))
    ]
    (tmp_path / "a.csv").write_text("\n".join(["image,label,no,yes", *rows]))
    found = linnaeus.evaluate(predictions=tmp_path / "a.csv", sensitivity=1.0)
    (cut,) = found.metrics.to_json()["operating"]["cuts"]
    assert cut["threshold"] == 0.4
    assert cut["sensitivity"]["value"] == 1.0
    assert cut["called"]["value"] == 0.7


def test_a_threshold_has_more_digits_only_where_fewer_would_call_others() -> None:
    assert threshold_text(1 / 11, [0.05, 1 / 11, 0.2]) == "0.09090909"
    assert threshold_text(1 / 11, [0.05, 0.09090909, 1 / 11, 0.2]) == "0.0909090909"
    assert threshold_text(0.4, [0.3, 0.4]) == "0.4"
    assert threshold_text(float(np.nextafter(0.95, 1)), [0.1, 0.95]) == "0.9500000000000001"


def test_answers_at_a_threshold_are_called_though_they_are_rounded() -> None:
    score = np.repeat([0.9, 0.95, 0.1], [20, 10, 10]).astype(np.float32)
    truth = np.repeat([1, 0], [30, 10])
    answers = replace(
        random_answers(0, 40, 2), probabilities=np.stack([1 - score, score], 1), labels=truth
    )
    found = measure(answers, asked=Asked(costs=Costs(1, 9))).further.operating
    assert found is not None
    cut = found.cuts[0]
    assert (cut.called.value, cut.sensitivity.value) == (0.75, 1.0)
    at = {round(point.threshold, 2): point for point in found.decisions}
    assert at[0.9].net_benefit.value == pytest.approx(0.75)


def test_the_least_sensitivity_calls_the_likeliest_of_the_class_alone() -> None:
    (cut,) = operated(sensitivity=1e-12).cuts
    assert ((cut.threshold <= SCORE) == (SCORE[TRUE].max() <= SCORE)).all()


def unsure(power: float, pictures: int = 600) -> Predictions:
    """Answers whose odds, true at `power` 1, are taken to that power."""
    random = np.random.default_rng(4)
    odds = np.exp(2 * random.normal(size=pictures) - 1)
    labels = (random.random(pictures) < odds / (1 + odds)).astype(np.int64)
    score = (odds**power / (1 + odds**power)).astype(np.float32)
    answers = random_answers(0, pictures, 2)
    return replace(answers, probabilities=np.stack([1 - score, score], 1), labels=labels)


def test_where_calling_none_is_cheapest_the_cut_says_so() -> None:
    scores = np.array([0.2, 0.4, 1.0, 1.0, 1.0])
    p = np.stack([1 - scores, scores], axis=1)
    ids = tuple(map(str, range(5)))
    answers = Predictions(ids, ("no", "yes"), p, np.array([0, 0, 0, 0, 1]))
    found = measure(answers, asked=Asked(costs=Costs(1, 5))).further.operating
    assert found is not None
    cut = found.cuts[-1]
    assert cut.called.value == 0
    assert cut.why.startswith("no picture is called so: the cheapest")


def test_the_cheapest_threshold_stands_beside_the_one_that_follows_from_costs() -> None:
    answers = unsure(0.2)
    found = measure(answers, asked=Asked(costs=Costs(10, 1))).further.operating
    assert found is not None
    stated, cheapest = found.cuts
    score, truth = answers.probabilities[:, 1], answers.labels == 1
    tried = {
        float(at): (10 * (truth & (score < at)).sum() + (~truth & (score >= at)).sum()) / 600
        for at in score
    }
    assert stated.cost is not None
    assert cheapest.cost is not None
    assert cheapest.cost.value == pytest.approx(min(tried.values()))
    assert tried[cheapest.threshold] == pytest.approx(cheapest.cost.value)
    assert cheapest.cost.value < stated.cost.value
    assert "flatters" in cheapest.why


def test_a_threshold_by_costs_is_warned_of_where_probabilities_mislead(
    full_facts: RunFacts,
) -> None:
    answers = unsure(0.2)
    metrics = measure(answers, asked=Asked(costs=Costs(10, 1)))
    assert metrics.further.operating is not None
    off, dear = metrics.further.operating.remarks
    assert "do not mean what they say" in off
    assert "clearly more than" in dear
    page = report_page(full_facts, answers, metrics, validation=None, picture_of=lambda _: None)
    assert "clearly more than" in page
    calibrated = measure(unsure(1.0), asked=Asked(costs=Costs(10, 1))).further.operating
    assert calibrated is not None
    assert calibrated.remarks == ()


def test_calling_all_is_named_where_it_costs_less() -> None:
    """One probability for all pictures, half of them of the class: below it none is called."""
    score = np.full(50, 0.1, np.float32)
    answers = replace(
        random_answers(0, 50, 2),
        probabilities=np.stack([1 - score, score], 1),
        labels=np.arange(50) % 2,
    )
    found = measure(answers, asked=Asked(costs=Costs(5, 1))).further.operating
    assert found is not None
    assert [cut.cost.value for cut in found.cuts if cut.cost] == [2.5, 0.5]
    assert "clearly more than by calling every picture so (0.500)" in found.remarks[1]


@pytest.mark.parametrize("costs", [Costs(1e-3, 1e9), Costs(1e9, 1e-3), Costs(1, 1)])
def test_any_costs_that_are_taken_can_be_written(costs: Costs) -> None:
    for answers in (ANSWERS, unsure(0.2, 40)):
        json.dumps(measure(answers, asked=Asked(costs=costs)).to_json(), allow_nan=False)


def test_every_point_of_the_curves_has_an_interval_wider_with_groups() -> None:
    once = measure(ANSWERS).further.operating
    rows = np.repeat(np.arange(90), 4)
    often = replace(
        ANSWERS,
        ids=tuple(map(str, range(360))),
        probabilities=ANSWERS.probabilities[rows],
        labels=ANSWERS.labels[rows],
    )
    grouped = measure(often, groups=rows).further.operating
    assert once is not None
    assert grouped is not None
    for alone, together in zip(once.decisions, grouped.decisions, strict=True):
        one, other = alone.net_benefit, together.net_benefit
        assert one.low < one.value < one.high
        assert alone.acting_on_all.low < alone.acting_on_all.value < alone.acting_on_all.high
        assert other.value == pytest.approx(one.value)
        assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.1)
    for point in once.curve:
        for figure in (point.sensitivity, point.false_alarms, point.precision):
            assert figure.low <= figure.value <= figure.high
            assert figure.high - figure.low > 0.01


def told(folder: Path, *options: str) -> Result:
    """What the command line says of a table whose probabilities lie off."""
    write_csv(folder / "answers.csv", unsure(0.2))
    table = str(folder / "answers.csv")
    return CliRunner().invoke(app, ["evaluate", "--predictions", table, *options])


def test_the_command_line_tells_the_cheapest_threshold_and_warns(tmp_path: Path) -> None:
    said = told(tmp_path, "--costs", "10:1").stdout
    assert "the cheapest on these pictures; chosen on them, it flatters" in said
    assert "do not mean what they say on these pictures" in said
    assert "clearly more than" in said


@pytest.mark.parametrize("costs", ["inf:1", "1:nan", "1e999:1", "1e308:1e308", "1e308:1e-308"])
def test_costs_that_cannot_be_reckoned_with_are_refused_before_anything_is_written(
    tmp_path: Path, costs: str
) -> None:
    done = told(tmp_path, "--costs", costs, "--out", str(tmp_path / "judged"))
    assert isinstance(done.exception, UsageError)
    assert "cannot be reckoned with" in str(done.exception)
    assert not (tmp_path / "judged").exists()
