"""The further figures against scikit-learn, to the last digits, and what their intervals hold."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import pi, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import answers_of, random_answers, random_labels
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from linnaeus.bundle.predictions import Predictions
from linnaeus.bundle.table import write_csv
from linnaeus.cli.app import app
from linnaeus.errors import UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.further import Asked
from linnaeus.evaluation.intervals import Resampling, accuracy_figure
from linnaeus.evaluation.judging import judge
from linnaeus.evaluation.metrics import Metrics, measure

sklearn_metrics = pytest.importorskip("sklearn.metrics")

EXACT: dict[str, Any] = {"rel": 0, "abs": 1e-9}


def rounded(answers: Predictions) -> Predictions:
    """The same with ties in the probabilities."""
    eighths = (answers.probabilities * 8).round() / 8
    return replace(answers, probabilities=eighths.astype(np.float32))


def as_drawn(seed: int, images: int, classes: int) -> tuple[Predictions, Metrics]:
    """Random answers, every other time with ties, and their metrics."""
    drawn = random_answers(seed, images, classes)
    answers = rounded(drawn) if seed % 2 else drawn
    return answers, measure(answers, resamples=100)


def holds(figure: Figure | None, expected: float, least: float = 0.0) -> None:
    """The figure is there, exact, and its interval holds it inside its range."""
    assert figure is not None
    assert figure.value == pytest.approx(expected, **EXACT)
    assert least <= figure.low <= figure.value <= figure.high <= 1


drawn = given(seed=st.integers(0, 10_000), images=st.integers(1, 80), classes=st.integers(2, 9))


@drawn
def test_agreement_is_that_of_scikit_learn(seed: int, images: int, classes: int) -> None:
    answers, metrics = as_drawn(seed, images, classes)
    truth, said, found = answers.labels, answers.decisions, metrics.further.agreement
    for average in ("micro", "weighted"):
        expected = sklearn_metrics.precision_recall_fscore_support(
            truth, said, average=average, zero_division=0
        )
        written = found.to_json(metrics.accuracy)
        for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
            figure = written[f"{average}_{name}"]
            assert figure is not None
            holds(Figure(**figure), value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kappa = sklearn_metrics.cohen_kappa_score(truth, said)
        matthews = sklearn_metrics.matthews_corrcoef(truth, said)
    holds(found.matthews_correlation, matthews, least=-1)
    if len({*truth.tolist(), *said.tolist()}) == 1:
        assert found.kappa is None
    else:
        holds(found.kappa, kappa, least=-1)


@drawn
def test_ranking_is_that_of_scikit_learn(seed: int, images: int, classes: int) -> None:
    answers, metrics = as_drawn(seed, images, classes)
    areas, precisions = [], []
    for at, row in enumerate(metrics.further.one_against_rest.per_class):
        truth, score = answers.labels == at, answers.probabilities[:, at].astype(np.float64)
        if truth.any():
            precisions.append(sklearn_metrics.average_precision_score(truth, score))
            holds(row.average_precision, precisions[-1])
        else:
            assert row.average_precision is None
        if truth.any() and not truth.all():
            areas.append(sklearn_metrics.roc_auc_score(truth, score))
            holds(row.auroc, areas[-1])
        else:
            assert row.auroc is None
    found = metrics.further.one_against_rest
    holds(found.macro_average_precision, float(np.mean(precisions)))
    if areas:
        holds(found.macro_auroc, float(np.mean(areas)))
    else:
        assert found.macro_auroc is None


@drawn
def test_averages_of_areas_are_those_of_scikit_learn(seed: int, images: int, classes: int) -> None:
    answers, metrics = as_drawn(seed, images, classes)
    found = metrics.further.one_against_rest
    truth = answers.labels[:, None] == np.arange(classes)
    scores = answers.probabilities.astype(np.float64)
    holds(
        found.average_precision.micro,
        sklearn_metrics.average_precision_score(truth, scores, average="micro"),
    )
    holds(found.auroc.micro, sklearn_metrics.roc_auc_score(truth, scores, average="micro"))
    shown = truth.any(axis=0)
    expected = sklearn_metrics.average_precision_score(
        truth[:, shown], scores[:, shown], average="weighted"
    )
    holds(found.average_precision.weighted, expected)
    if shown.sum() > 1:
        expected = sklearn_metrics.roc_auc_score(
            truth[:, shown], scores[:, shown], average="weighted"
        )
        holds(found.auroc.weighted, expected)


@drawn
def test_curves_of_classes_are_those_of_scikit_learn(seed: int, images: int, classes: int) -> None:
    answers, metrics = as_drawn(seed, images, classes)
    for at, row in enumerate(metrics.further.one_against_rest.per_class):
        truth, score = answers.labels == at, answers.probabilities[:, at].astype(np.float64)
        if row.auroc is None:
            assert not row.curve
            continue
        false, true, _ = sklearn_metrics.roc_curve(truth, score, drop_intermediate=False)
        ours = [(point.false_alarms.value, point.sensitivity.value) for point in row.curve]
        assert np.array(ours) == pytest.approx(np.stack([false, true], axis=1)[1:], abs=1e-9)
        precision, recall, _ = sklearn_metrics.precision_recall_curve(truth, score)
        theirs = set(zip(recall.round(9).tolist(), precision.round(9).tolist(), strict=True))
        drawn_here = {
            (round(p.sensitivity.value, 9), round(p.precision.value, 9)) for p in row.curve
        }
        assert drawn_here <= theirs


def test_a_long_curve_is_thinned_where_it_is_straight_and_keeps_its_ends() -> None:
    row = measure(random_answers(1, 4000, 3)).further.one_against_rest.per_class[0]
    assert row.auroc is not None
    assert 60 <= len(row.curve) <= 100
    last = row.curve[-1]
    assert (last.sensitivity.value, last.false_alarms.value) == (1, 1)
    across = [0.0, *(point.false_alarms.value for point in row.curve)]
    up = [0.0, *(point.sensitivity.value for point in row.curve)]
    assert np.trapezoid(up, across) == pytest.approx(row.auroc.value, abs=2e-3)
    thresholds = [point.threshold for point in row.curve]
    assert thresholds == sorted(thresholds, reverse=True)


@pytest.mark.parametrize("groups", [None, 40, 1])
def test_points_of_curves_have_the_intervals_of_the_shares_that_they_are(
    groups: int | None,
) -> None:
    answers = random_answers(3, 200, 3)
    of = None if groups is None else np.random.default_rng(5).integers(0, groups, 200)
    by = Resampling.of(200, of)
    (row, *_) = measure(answers, groups=of).further.one_against_rest.per_class
    truth, score = answers.labels == 0, answers.probabilities[:, 0].astype(np.float64)
    assert len(row.curve) > 50
    for point in row.curve:
        called = score >= point.threshold
        for figure, hit, among in (
            (point.sensitivity, called, truth),
            (point.false_alarms, called, ~truth),
            (point.precision, truth, called),
        ):
            expected = accuracy_figure(hit[among], by.among(among))
            ours, theirs = figure.to_json(), expected.to_json()
            assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("classes", "asked", "told"), [(12, 7, [2, 3, 5, 7, 10]), (3, 1, [1, 2])])
def test_top_k_is_that_of_scikit_learn(classes: int, asked: int, told: list[int]) -> None:
    answers = random_answers(4, 90, classes)
    found = measure(answers, resamples=100, asked=Asked(top_k=asked)).further.top_k
    assert list(found) == told
    for k, figure in found.items():
        exact = answers.probabilities.astype(np.float64)
        expected = sklearn_metrics.top_k_accuracy_score(
            answers.labels, exact, k=k, labels=range(classes)
        )
        holds(figure, expected)


def test_the_classwise_calibration_error_is_that_of_scikit_learn_s_bins() -> None:
    """The raw errors from `calibration_curve`; chance, and its removal, as documented."""
    from sklearn.calibration import calibration_curve

    answers = random_answers(3, 300, 3, sharpness=3.0)
    raw = chance = 0.0
    for at in range(3):
        p = answers.probabilities[:, at].astype(np.float64)
        truth = answers.labels == at
        frequency, mean = calibration_curve(truth, p, n_bins=15, strategy="quantile")
        bins = np.searchsorted(np.percentile(p, np.linspace(0, 100, 16))[1:-1], p)
        sizes = np.bincount(bins)
        raw += (np.abs(frequency - mean) * sizes).sum() / 300 / 3
        flips = np.bincount(bins, weights=p * (1 - p))
        chance += sqrt(2 / pi) * np.sqrt(flips).sum() / 300 / 3
    assert raw > 2 * chance
    holds(measure(answers).further.classwise_calibration_error, sqrt(raw**2 - chance**2))


def test_calibrated_probabilities_have_hardly_any_classwise_error() -> None:
    found = measure(random_answers(0, 5000, 4), resamples=100).further.classwise_calibration_error
    assert found.value < 0.01


def test_two_classes_are_told_as_a_test_for_the_second() -> None:
    """90 of 100 well ones spared, 8 of 10 ill ones found; at 1 in 1,000, by hand."""
    answers = answers_of([[90, 10], [2, 8]], ("ill not", "ill"))
    here, there = measure(answers, asked=Asked(prevalence=0.001)).further.tests
    assert (here.positive, here.stated, there.stated) == ("ill", False, True)
    assert here.prevalence == pytest.approx(10 / 110)
    holds(here.sensitivity, sklearn_metrics.recall_score(answers.labels, answers.decisions))
    holds(here.specificity, 0.9)
    holds(here.positive_predictive_value, 8 / 18)
    holds(here.negative_predictive_value, 90 / 92)
    holds(there.positive_predictive_value, 0.0008 / (0.0008 + 0.0999))
    holds(there.negative_predictive_value, 0.8991 / (0.8991 + 0.0002))


def test_a_stated_prevalence_like_that_of_the_test_gives_the_same_values() -> None:
    answers = answers_of([[40, 10], [5, 45]], ("no", "yes"))
    here, there = measure(answers, asked=Asked(positive="no", prevalence=0.5)).further.tests
    assert here.positive == "no"
    for name, figure in here.figures().items():
        moved = there.figures()[name]
        assert figure is not None
        holds(moved, figure.value)
        assert moved is not None
        assert figure.low - 0.01 <= moved.low <= moved.high <= figure.high + 0.01
        assert moved.high - moved.low >= 0.75 * (figure.high - figure.low)  # the share is known


def test_what_no_picture_could_tell_is_not_known() -> None:
    answers = answers_of([[10, 0], [5, 0]], ("no", "yes"))
    never = measure(answers, asked=Asked(prevalence=0.5)).further.tests
    assert [test.positive_predictive_value for test in never] == [None, None]
    (absent,) = measure(answers_of([[10, 2], [0, 0]], ("no", "yes"))).further.tests
    assert absent.sensitivity is None
    assert absent.specificity is not None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(top_k=3), "among the 3 likeliest of 3 classes"),
        (Asked(top_k=0), "among the 0 likeliest"),
        (Asked(positive="class 0"), "of two classes, and there are 3"),
        (Asked(prevalence=0.1), "--prevalence: .* of two classes"),
    ],
)
def test_what_has_no_meaning_is_refused(asked: Asked, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        measure(random_answers(0, 20, 3), asked=asked)


def test_a_strange_class_or_share_is_refused_and_so_is_all_of_it_for_several_labels() -> None:
    two = answers_of([[5, 1], [1, 5]], ("no", "yes"))
    with pytest.raises(UsageError, match=r"'maybe' is none of the classes\. Give no or yes"):
        measure(two, asked=Asked(positive="maybe"))
    with pytest.raises(UsageError, match="2 is no share"):
        measure(two, asked=Asked(prevalence=2.0))
    with pytest.raises(UsageError, match="of one label a picture"):
        judge(random_labels(0, 30, 3), asked=Asked(top_k=2))


def test_groups_that_repeat_pictures_widen_the_intervals_to_those_of_the_pictures_once() -> None:
    """Every picture four times, in one group: no more is known than from each once."""
    once = random_answers(5, 100, 3, skill=0.5)
    often = Predictions(
        tuple(f"{i}.jpg" for i in range(400)),
        once.classes,
        np.repeat(once.probabilities, 4, axis=0),
        np.repeat(once.labels, 4),
    )
    alone = measure(once).further.one_against_rest.per_class[0]
    grouped = measure(often, groups=np.repeat(np.arange(100), 4)).further.one_against_rest
    for name in ("auroc", "average_precision"):
        one, other = getattr(alone, name), getattr(grouped.per_class[0], name)
        assert other.value == pytest.approx(one.value, **EXACT)
        assert other.low == pytest.approx(one.low, abs=2e-3)
        assert other.high == pytest.approx(one.high, abs=2e-3)


def test_what_is_asked_for_is_told_on_the_command_line(tmp_path: Path) -> None:
    answers = random_answers(0, 60, 2)
    write_csv(tmp_path / "answers.csv", answers)
    options = ["--positive", "class 1", "--prevalence", "0.1", "--top-k", "1"]
    told = told_of(tmp_path / "answers.csv", *options)
    assert "top-1 accuracy" in told
    assert told.count("As a test for “class 1”") == 2
    assert "10.0 % of all" in told
    assert "positive predictive value" in told


def test_a_threshold_that_no_picture_can_tell_is_said_to_be_none(tmp_path: Path) -> None:
    rows = [f"{i},{'cat' if i < 12 else ''},0.75,0.25" for i in range(15)]
    (tmp_path / "one.csv").write_text("\n".join(["id,label,p:cat,p:dog", *rows]))
    told = told_of(tmp_path / "one.csv", "--sensitivity", "0.9", "--positive", "dog")
    assert "No threshold can be told: all judged pictures are of one class." in told
    assert "no picture can tell" in told
    assert "3 pictures without a label that the classifier knows are not judged." in told


def told_of(table: Path, *options: str) -> str:
    """What `linnaeus evaluate` prints of a table."""
    done = CliRunner().invoke(app, ["evaluate", "--predictions", str(table), *options])
    assert done.exit_code == 0, done.output
    return done.output
